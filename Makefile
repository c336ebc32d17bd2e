EXTENSION   = cloudbilling
# The version has one home: the control file.
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(EXTENSION).control)

MODULE_big  = $(EXTENSION)
OBJS        = $(patsubst %.c,%.o,$(wildcard src/*.c))
PG_CPPFLAGS = -DEXTVERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare

# The extension's SQL in load order, one file per concept.  STATE runs once, at
# CREATE EXTENSION; what an upgrade must do to it is written in sql/upgrade.sql.
# CODE is CREATE OR REPLACE throughout, and every upgrade runs all of it again.
STATE = $(addprefix sql/types/,pricing.sql selector.sql selector_set.sql price_rule_set.sql rating.sql rating_items.sql \
          charge_sum.sql allocation_rule_set.sql invoice_line_value.sql reconciliation.sql invoice_group.sql) \
        sql/types/calendar_span.sql \
        $(addprefix sql/tables/,source.sql unit_map.sql load.sql account.sql product.sql charge.sql rollup.sql \
          seller.sql supplier_invoice.sql customer.sql ownership.sql time_window.sql price_rule.sql vat.sql currency_rate.sql dimension.sql invoice.sql invoice_note.sql invoice_number_scheme.sql invoice_policy.sql purchase_order.sql reseller.sql correction_policy.sql invoice_currency.sql \
          history.sql allocation_rule.sql allocation_split.sql allocation_closing.sql invoice_dimension.sql tag_policy.sql \
          margin_band.sql commitment_policy.sql product_counterpart.sql \
          reconciliation_run.sql reconciliation_decision.sql invoice_gate.sql) \
        sql/tables/agreement.sql \
        $(addprefix sql/tables/,invoice_event.sql payment.sql prepayment.sql invoice_credit.sql invoice_approval.sql invoice_seal.sql)
CODE  = sql/views/currency_rate_either.sql \
        $(addprefix sql/functions/,array_rows.sql exact.sql allocate.sql reconcile.sql usage_aggregates.sql pricing.sql selector.sql time_window.sql price_rule.sql price_rule_set.sql \
          rating.sql currency.sql currency_rate.sql as_of.sql source.sql source_add.sql unit_map.sql apart.sql product.sql charge.sql charge_sums.sql rollup.sql load.sql load_intern.sql load_purge.sql \
          landing.sql customer.sql vat_rate.sql vat_number.sql document_text.sql vat.sql history.sql dimension.sql allocation_rule_set.sql invoice_dimension.sql tag.sql tag_policy.sql) \
        $(addprefix sql/functions/,calendar_span.sql agreement.sql) \
        $(addprefix sql/sources/,focus.sql meter.sql opencost.sql gcp.sql hours.sql sale.sql licence.sql oracle.sql \
          aws_cur.sql azure_cost.sql partnercenter_usage.sql partnercenter_invoice.sql \
          supplier_invoice.sql google_invoice.sql) \
        $(addprefix sql/views/,audit.sql landing.sql load.sql focus.sql tag.sql charge_dimension.sql customer.sql ownership.sql customer_currency_rate.sql \
          price_rule_in_force.sql allocation_in_force.sql agreement_renewal_paid.sql agreement_fact.sql) \
        sql/functions/reseller.sql \
        sql/functions/agreement_charge.sql \
        $(addprefix sql/views/,agreement.sql \
          rating_input.sql charge_piece.sql charge_owned.sql charge_unowned.sql charge_held.sql rated_line.sql charge_unpriced.sql charge_converted.sql \
          price_rule_tied.sql price_rule_problems.sql \
          invoice_due.sql invoice_running.sql invoice_balance.sql invoice_run_progress.sql bi.sql) \
        $(addprefix sql/functions/,allocation_check.sql allocation_split.sql allocation_close.sql) \
        $(addprefix sql/views/,allocation_item.sql allocated.sql bi_allocation.sql \
          tag_violation.sql tag_suspect.sql untagged_resource.sql bi_tag_coverage.sql bi_load_anomaly.sql bi_margin_converted.sql bi_write_off.sql bi_commitment.sql bi_hours.sql) \
        $(addprefix sql/views/,supplier_invoice.sql reconciliation_invoice.sql reconciliation_usage.sql reconciliation_sale.sql reconciliation_found.sql reconciliation_item.sql) \
        $(addprefix sql/functions/,reconciliation_run.sql reconciliation_decide.sql reconcile_trace.sql invoice_gate.sql) \
        $(addprefix sql/views/,leakage.sql bi_margin_bridge.sql invoice_line_entry.sql purchase_order.sql) \
        $(addprefix sql/functions/,supplier_invoice.sql selector_explain.sql invoice_specification.sql invoice_running.sql what_if.sql rating_explain.sql payment_reference.sql invoice_frozen.sql invoice_note.sql invoice_number.sql invoice_policy.sql purchase_order.sql invoice_references.sql correction_policy.sql invoice_rates.sql seller_lock.sql) \
        $(addprefix sql/views/,invoice_status.sql payment_status.sql invoice_sealed.sql bi_receivable.sql invoice_overview.sql) \
        $(addprefix sql/functions/,invoice_seal.sql invoice_unit_price.sql array_group.sql cursor_rows.sql invoice_service.sql invoice_make.sql invoice.sql payment.sql prepayment.sql invoice_event.sql invoice_credit.sql invoice_approval.sql invoice_line.sql invoice_adhoc.sql \
          invoice_run.sql document_format.sql invoice_html.sql invoice_ubl.sql invoice_preview.sql invoice_annex.sql schedule.sql)
# Runs once too, after the code it is about.
GRANTS = sql/grants.sql

install_sql = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA_built  = $(install_sql)
# Installed beside psql.
SCRIPTS     = bin/cloudbilling-load

# Tests: test/sql/NAME.sql and test/specs/NAME.spec, with expected/NAME.out.
REGRESS        = exact allocate reconcile rated_sum \
                 usage_aggregates \
                 pricing pricing_steps pricing_constructors pricing_peers \
                 selector selector_set \
                 invoice_html landing load load_apart dictionary_keep source_options source_variants unit_map aws_cur azure_cost partnercenter \
                 opencost gcp oracle focus_1_3 load_anomaly source_add own_sources selector_explain rollup ownership \
                 rating rating_rules rating_peers rating_random rating_explain rating_explain_random \
                 allocation allocation_examples allocation_random \
                 own_billing audit currency_rate vat_number vat invoice invoice_run_options correction_policy payment prepayment invoice_event invoice_credit invoice_approval invoice_line invoice_number invoice_preview invoice_policy invoice_sections purchase_order reseller invoice_annex invoice_currency invoice_tamper simulated_month invoice_allocation invoice_allocation_random invoice_ubl invoice_unit_price invoice_references bulk_index array_group cursor_rows invoice_bodies \
                 agreement agreement_examples agreement_renewal agreement_random commitment commitment_random time_and_materials \
                 reconciliation_sale reconciliation_random reconciliation_run leakage margin_bridge reconcile_trace reconciliation_examples invoice_gate schedule tag_policy load_side supplier_invoice reconciliation_usage readme
REGRESS_OPTS   = --inputdir=test --load-extension=btree_gist --load-extension=fuzzystrmatch --load-extension=$(EXTENSION)
ISOLATION      = load_together carry_together invoice_run invoice_life prepayment_run seller_lock lines_together
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=btree_gist --load-extension=fuzzystrmatch --load-extension=$(EXTENSION)
# Tests that are programs: test/NAME.
CHECKS         = plpgsql_check demo dump_restore number_series kill invoice_run_processes load_together schedule samples recount allocation_recount rate_oracle agreement_simulation reconciliation_faults fuzz_types damaged_files cloudbilling_load ubl_rules readme

# pg_regress would run sql/NAME.sql in place of test/sql/NAME.sql.
ifneq (,$(wildcard $(REGRESS:%=sql/%.sql)))
$(error a test must not have the name of a file in sql/)
endif

# The server to build for: PG_CONFIG's, or Debian's of version PG_MAJOR, or the
# newest of Debian's with headers, or the one in the PATH.
ifndef PG_CONFIG
headers   := $(wildcard /usr/include/postgresql/$(or $(PG_MAJOR),*)/server/postgres.h)
PG_CONFIG := $(or $(patsubst /usr/include/%/server/postgres.h,/usr/lib/%/bin/pg_config,$(lastword $(sort $(headers)))),\
               $(if $(PG_MAJOR),/usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config,pg_config))
endif
# A pg_config may be there without the headers, and even with pgxs.
ifneq (,$(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h))
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs))
endif

ifeq (,$(PGXS))
# A bare machine: install what is missing, and start again.
.PHONY: all install test demo bench
all install test demo bench:
	$(if $(INSTALLED),$(error no server with headers found; set PG_CONFIG))
	test/install_dependencies
	$(MAKE) $@ INSTALLED=yes
else

# Bitcode for JIT would need clang at every build.
override with_llvm := no
include $(PGXS)

# Soft errors came with PostgreSQL 16.
REGRESS += $(if $(filter 15,$(MAJORVERSION)),,definition_soft)

$(OBJS): $(wildcard src/*.h)

$(install_sql): sql/install.sql $(STATE) $(CODE) $(GRANTS)
$(DATA_built): Makefile
	cat $(filter %.sql,$^) > $@

.PHONY: test demo bench dependencies
test demo bench: export PG_CONFIG := $(PG_CONFIG)
test demo bench: dependencies

dependencies: export PG_CONFIG := $(PG_CONFIG)
dependencies:
	test/install_dependencies

# With STAGE=folder nothing is installed but there.
stage = $(if $(STAGE),DESTDIR='$(STAGE)')

# Build and install, then run every test on private, throw-away servers.
test:
	$(MAKE) --no-print-directory -s install $(stage) COPT='$(strip $(COPT) -Werror)'
	REGRESS='$(REGRESS)' ISOLATION='$(ISOLATION)' CHECKS='$(CHECKS)' test/run

# Build and install, then show it; the server stays until demo-stop.  With
# FILE=path, it shows the user's own FOCUS file.
demo:
	$(MAKE) --no-print-directory -s install $(stage)
	demo/start

# Measure on a private server: make bench MILLIONS="1 4", or ROWS=100000 for a
# quick look.  See docs/bench.md.
MILLIONS = 1 4
ROWS     = $(MILLIONS:%=%000000)
bench:
	$(MAKE) --no-print-directory -s install $(stage)
	bench/run $(ROWS)
endif

.PHONY: demo-stop
demo-stop:
	demo/stop
