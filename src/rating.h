/*
 * rating.h: what price rules make of a customer's charges.
 *
 * An aggregate gathers the charges of all customers that one customer of the
 * seller stands for (itself, or all below a reseller), as pieces: roll-ups, or
 * single charges where a rule must see them.  When all are there they are rated,
 * period by period, and within a period level by level down the resellers.
 */
#ifndef CLOUDBILLING_RATING_H
#define CLOUDBILLING_RATING_H

#include "exact.h"
#include "price_rule_set.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* Decimals of a part of an amount. */
#define SHARE_SCALE 12

/* A string that was seen, by number; 0 is none. */
typedef int32 StringId;

/* What pieces of a customer's item have in common. */
typedef struct RatedItem
{
	struct
	{
		int32 customer_id;
		int32 item_id;
	} key;
	int32 account_id;
	int32 product_id;
	StringId resource;
	StringId unit;
	Currency currency; /* in which the supplier bills */
	Jsonb *tags;
	int nmatched;
	const int32 *matched; /* places of rules, the one that goes before the others first */
	int nbuyers;
	const int32 *buyers; /* from the seller's customer down to the charges' owner */
} RatedItem;

/* A roll-up, or a charge. */
typedef struct Piece
{
	RatedItem *item; /* NULL until all are there */
	int32 customer_id;
	int32 item_id;
	DateADT period_start;
	DateADT charge_on;
	DateADT invoice_on; /* no end: when the period ends */
	int32 load_scope_id;
	int32 line_no;      /* 0 for a roll-up */
	Currency currency;  /* of the costs: the item's, or what they were converted to */
	TimestampTz starts; /* of a charge */
	TimestampTz ends;
	int64 charges;
	Numeric quantity; /* NULL where there is none, as the costs */
	Numeric cost[COSTS];
	int ntimes;   /* of a charge that rules look at by the clock */
	int64 *times; /* its pieces of time, one after another: length, number of windows, windows */
} Piece;

/* What a buyer's costs of a month are converted to, and by which factors. */
typedef struct Exchange
{
	DateADT period_start;
	Currency to;
	int n;
	Currency *currencies;
	Numeric *factors; /* NULL is not known */
	struct Exchange *next;
} Exchange;

struct itemtable_hash;

/* The state of the aggregate. */
typedef struct Rating
{
	MemoryContext context;
	const RuleSet *rules;
	struct itemtable_hash *items;
	Exchange *exchanges;
	bool is_complete; /* pieces have their items */
	HTAB *strings;
	int nstrings;
	int maxstrings;
	text **string; /* by number */
	DateADT first_period;
	int npieces;
	int maxpieces;
	Piece **pieces;
} Rating;

/* What a part has been priced at, by currency. */
typedef struct Amount
{
	Currency currency;
	Numeric amount;
	struct Amount *next;
} Amount;

/* A piece, or a part of one, in a sale. */
typedef struct Part
{
	Piece *piece;
	int number;        /* in the order of pieces; decides who takes what is left */
	Currency currency; /* of the costs */
	int64 charges;
	Numeric quantity;
	Numeric cost[COSTS];
	int rule;            /* that sets the price, or includes it; -1 */
	const int64 *window; /* number of time windows it is in, and these; NULL is none */
	Amount *amounts;
	Amount *rounding; /* what lines are rounded up by, for limits to see what is billed */
} Part;

/* What makes a line one. */
typedef struct LineKey
{
	int32 rule;
	int32 product_id;
	int32 account_id;
	StringId resource;
	StringId tag;
	Currency currency;
} LineKey;

/* A part's membership of a line. */
typedef struct Member
{
	Part *part;
	Numeric measured; /* what it adds to the measure; NULL is nothing */
	Numeric weight;   /* that its share is in proportion to */
	Numeric share;    /* of the line's amount */
	struct Member *next;
} Member;

typedef struct Line
{
	LineKey key;
	int nmembers;
	Member *first;
	Member *last;
	Numeric measured; /* NULL is no line */
	Numeric before;   /* where the ladder continues, or what was committed; or NULL */
	Numeric amount;
	struct Line *next; /* in the order they came up */
} Line;

/* Lines that are rated together. */
typedef struct Stage
{
	HTAB *lines;
	Line *first;
	Line *last;
} Stage;

/* A rule that applies to a part. */
typedef struct Application
{
	int effect;
	int position;
	int part; /* in the order of parts */
	int rule;
} Application;

struct Bundles;
struct Commitments;
struct Credits;
struct Limits;

/* One seller, one buyer, one period. */
typedef struct Sale
{
	Rating *rating;
	int level;       /* of the buyer among the buyers of an item */
	int32 seller_id; /* reseller; 0 is the seller itself */
	int32 buyer_id;
	DateADT period_start;
	TimestampTz length; /* of the period, in microseconds */
	int nparts;
	int maxparts;
	Part **parts;
	struct Bundles *bundles;
	struct Commitments *commitments;
	struct Credits *credits;
	struct Limits *limits;
	bool need_shares; /* asked for, or a level below needs them */
	/* hands over lines, and members with their shares; the line of what has no price is NULL */
	void (*take_line)(void *taker, struct Sale *sale, Line *line);
	void (*take_member)(void *taker, struct Sale *sale, Line *line, Member *member);
	/* and what of a lot of a credit is used, or counts for a commitment */
	void (*take_use)(void *taker, struct Sale *sale, const LineKey *key, DateADT from,
	                 DateADT until, Numeric amount);
	void *taker;
} Sale;

/* rating_input.c */
extern Rating *rating_argument(FunctionCallInfo fcinfo, int number);
extern void rating_complete(Rating *rating);
extern StringId rating_tag(Rating *rating, const RatedItem *item, const Rule *rule);
extern StringId rating_string(Rating *rating, text *string);

/* rating_items.c */
extern void rating_take_items(Rating *rating, Datum datum);
extern RatedItem *rating_item(const Rating *rating, int32 customer_id, int32 item_id);

/* rating_phase.c */
extern int rating_gather(const Sale *sale, bool include, Application **applications);
extern void rating_sale(Sale *sale);

/* rating_bundle.c */
extern struct Bundles *bundles_create(MemoryContext context);
extern void bundles_cover(Sale *sale);

/* rating_true_up.c */
extern struct Commitments *commitments_create(MemoryContext context);
extern void true_up_join(Sale *sale, Stage *stage, int place, Part *part);
extern void true_up_measure(Sale *sale, Line *line);

/* rating_credit.c */
extern struct Credits *credits_create(MemoryContext context);
extern void credits_draw(Sale *sale, Stage *stage);

/* rating_limit.c */
extern struct Limits *limits_create(MemoryContext context);
extern Numeric limit_spend(Sale *sale, const Line *line);

/* rating_time.c */
extern void time_split(Sale *sale, int first);
extern void time_round(Sale *sale);

/* rating_line.c */
extern Stage *stage_begin(void);
extern Line *stage_join(Stage *stage, const LineKey *key, Part *part, Numeric measured);
extern void stage_rate(Sale *sale, Stage *stage);
extern void stage_share(Stage *stage);
extern void stage_round(Stage *stage);
extern void add_amount(Amount **amounts, Currency currency, Numeric share);
extern Numeric amount_in(const Amount *amounts, Currency currency);
extern LineKey line_key(const Sale *sale, int rule, const Part *part, Currency currency);

/* rating.c */
extern void rating_rate(const Sale *how);
extern void rating_add_part(Sale *sale, Part *part);
extern DateADT months_before(DateADT month, int months);

/* The rule at a place. */
static inline const Rule *
rating_rule(const Rating *rating, int place)
{
	return &rating->rules->rule[place];
}

/* Is a part in the time window of a rule, if that has one? */
static inline bool
rule_is_on_time(const Rule *rule, const Part *part)
{
	if (rule->time_window_id == 0)
		return true;
	for (int64 i = 1; part->window && i <= part->window[0]; i++)
		if (part->window[i] == rule->time_window_id)
			return true;
	return false;
}

/* Does a rule hold in a sale, for a part? */
static inline bool
rule_holds(const Sale *sale, const Rule *rule, const Part *part)
{
	return rule->reseller_id == sale->seller_id && rule_is_on_time(rule, part) &&
	       part->piece->charge_on >= rule->valid_from &&
	       part->piece->charge_on < rule->valid_until &&
	       (!measure_is_cost(rule->measure) || rule->currency == 0 ||
	        rule->currency == part->currency);
}

#endif
