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
STATE = $(addprefix sql/types/,pricing.sql selector.sql) \
        $(addprefix sql/tables/,source.sql load.sql account.sql product.sql charge.sql rollup.sql \
          seller.sql customer.sql ownership.sql price_rule.sql vat.sql invoice.sql)
CODE  = $(addprefix sql/functions/,exact.sql pricing.sql selector.sql currency.sql as_of.sql source.sql \
          product.sql charge.sql rollup.sql load.sql landing.sql customer.sql price_rule.sql vat.sql) \
        $(addprefix sql/sources/,focus.sql meter.sql) \
        $(addprefix sql/views/,landing.sql load.sql focus.sql charge_dimension.sql ownership.sql period.sql \
          charge_owned.sql charge_priced.sql rated_line.sql invoice_due.sql invoice_running.sql) \
        $(addprefix sql/functions/,invoice_running.sql payment_reference.sql invoice_frozen.sql invoice.sql \
          invoice_run.sql document_text.sql document_format.sql invoice_html.sql)

install_sql = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA_built  = $(install_sql)

# Tests: test/sql/NAME.sql and test/specs/NAME.spec, with expected/NAME.out.
REGRESS        = exact rollup pricing selector invoice_html
REGRESS_OPTS   = --inputdir=test --load-extension=btree_gist --load-extension=$(EXTENSION)
ISOLATION      =
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=btree_gist --load-extension=$(EXTENSION)

# pg_regress would run sql/NAME.sql in place of test/sql/NAME.sql.
ifneq (,$(wildcard $(REGRESS:%=sql/%.sql)))
$(error a test must not have the name of a file in sql/)
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
# Bitcode for JIT would need clang at every build.
override with_llvm := no
include $(PGXS)

# Soft errors came with PostgreSQL 16.
REGRESS += $(if $(filter 15,$(MAJORVERSION)),,definition_soft)

$(OBJS): $(wildcard src/*.h)

$(install_sql): sql/install.sql $(STATE) $(CODE)
$(DATA_built): Makefile
	cat $(filter %.sql,$^) > $@

.PHONY: test
test: export PG_CONFIG := $(PG_CONFIG)
test: install
	test/with_server $(MAKE) --no-print-directory installcheck

# Measure on a private server: make bench MILLIONS="1 4", or ROWS=100000 for a
# quick look.  See docs/bench.md.
MILLIONS = 1 4
ROWS     = $(MILLIONS:%=%000000)
.PHONY: bench
bench: export PG_CONFIG := $(PG_CONFIG)
bench: install
	bench/run $(ROWS)
