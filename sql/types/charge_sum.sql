-- The sums of an item's charges over a month, or a day, in a time zone.
CREATE TYPE charge_sum AS (
    time_zone_id     smallint,
    charge_on        date,
    charges          bigint,
    quantity         numeric,
    billed_cost      numeric,
    effective_cost   numeric,
    list_cost        numeric,
    contracted_cost  numeric
);
COMMENT ON TYPE charge_sum IS 'sums of charges over a month or a day of a time zone; see aggregate charge_sums';
