-- What two sides come to: a group of rows of which each is on the left or on the right.
CREATE TYPE reconciliation AS (
    left_count           bigint,
    left_quantity        numeric,
    left_amount          numeric,
    right_count          bigint,
    right_quantity       numeric,
    right_amount         numeric,
    quantity_difference  numeric,
    amount_difference    numeric
);
COMMENT ON TYPE reconciliation IS 'what two sides of a group come to, and by how much they differ; see aggregate reconcile';
COMMENT ON COLUMN reconciliation.left_count IS 'rows on the left side';
COMMENT ON COLUMN reconciliation.left_quantity IS 'sum of the quantities on the left side; NULL without one';
COMMENT ON COLUMN reconciliation.left_amount IS 'sum of the amounts on the left side; NULL without one';
COMMENT ON COLUMN reconciliation.right_count IS 'rows on the right side';
COMMENT ON COLUMN reconciliation.right_quantity IS 'sum of the quantities on the right side; NULL without one';
COMMENT ON COLUMN reconciliation.right_amount IS 'sum of the amounts on the right side; NULL without one';
COMMENT ON COLUMN reconciliation.quantity_difference IS 'left_quantity - right_quantity, of which one that is NULL counts as 0; NULL where both are';
COMMENT ON COLUMN reconciliation.amount_difference IS 'left_amount - right_amount, of which one that is NULL counts as 0; NULL where both are';
