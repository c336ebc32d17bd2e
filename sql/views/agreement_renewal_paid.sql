-- Terms of agreements that renew on payment, and are paid: by a row of
-- agreement_renewal, or since documents bill fees of the term before and all of these
-- are paid.  A fee is of the term in which it falls due, at its end in arrears.  Below a
-- reseller they are the documents of who is invoiced by the seller.
--
-- What facts take back does not count: a fee in arrears of a period that goes on after
-- the term is due when the agreement ends or, once that is renewed, when the period
-- does, and if its move took the payment away there would be no end to it.
CREATE OR REPLACE VIEW agreement_renewal_paid AS
SELECT r.agreement_id, r.renewal_no, r.paid_on, NULL::int[] AS documents
FROM agreement_renewal_in_force AS r
UNION ALL
SELECT b.agreement_id, b.renewal_no, max(p.paid_on), array_agg(b.invoice_id ORDER BY b.invoice_id)
FROM (
    SELECT g.agreement_id, n.renewal_no, i.invoice_id, i.gross_amount, i.issued_on, sum(l.amount) AS amount
    FROM agreement_in_force AS g
    CROSS JOIN LATERAL (
        WITH RECURSIVE above AS (
            SELECT g.customer_id
            UNION
            SELECT c.parent_id FROM above AS a JOIN customer AS c ON c.customer_id = a.customer_id WHERE c.parent_id IS NOT NULL
        )
        SELECT * FROM above
    ) AS a
    JOIN invoice_line AS l ON l.customer_id = a.customer_id AND l.account_id = g.account_id
    JOIN invoice AS i ON i.invoice_id = l.invoice_id AND i.reseller_id IS NULL AND i.finalised_at <= coalesce(as_of(), 'infinity')
    CROSS JOIN LATERAL (
        SELECT coalesce(l.invoice_on, (l.period_start + interval '1 month')::date) - CASE WHEN g.in_advance THEN 0 ELSE 1 END AS due_on
    ) AS d
    -- the term that the day is in; the one after it is renewed
    CROSS JOIN LATERAL (
        SELECT count(*)::int + 1 AS renewal_no
        FROM generate_series(0, greatest(0, period_number((g.start_on + g.term)::date, coalesce(g.renewal_term, g.term), d.due_on) + 2)) AS s (number)
        WHERE agreement_renewed_until(g.start_on, g.term::interval, coalesce(g.renewal_term, g.term)::interval, s.number) <= d.due_on
    ) AS n
    WHERE g.renewal = 'on_payment'
    GROUP BY g.agreement_id, n.renewal_no, i.invoice_id, i.gross_amount, i.issued_on
) AS b
CROSS JOIN LATERAL (
    SELECT b.gross_amount - coalesce(sum(t.amount), 0) + (
            SELECT coalesce(sum(c.amount), 0)
            FROM payment_part AS c
            WHERE c.credit_note_id = b.invoice_id AND c.recorded_at <= coalesce(as_of(), 'infinity')) AS open_amount,
        greatest(max(y.received_on), b.issued_on) AS paid_on
    FROM payment_part AS t
    LEFT JOIN payment AS y ON y.payment_id = t.payment_id
    WHERE t.invoice_id = b.invoice_id AND t.recorded_at <= coalesce(as_of(), 'infinity')
) AS p
WHERE b.amount > 0 OR EXISTS (SELECT FROM invoice_credit AS c WHERE c.credit_note_id = b.invoice_id)
GROUP BY b.agreement_id, b.renewal_no
HAVING max(p.open_amount) FILTER (WHERE b.amount > 0) <= 0 AND sum(b.amount) > 0;

COMMENT ON VIEW agreement_renewal_paid IS 'terms of agreements that renew on payment and are paid, since somebody says so or since the documents of the term before are paid';
COMMENT ON COLUMN agreement_renewal_paid.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_renewal_paid.renewal_no IS '1 for the term after the first, and so on';
COMMENT ON COLUMN agreement_renewal_paid.paid_on IS 'day it was paid';
COMMENT ON COLUMN agreement_renewal_paid.documents IS 'documents that bill fees of the term before, or credit them; NULL where somebody says that it was paid';
