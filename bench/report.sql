-- The table of medians, from the file results: records, measurement, side, value.
\set ON_ERROR_STOP on
CREATE TEMPORARY TABLE result (records bigint, measurement text, side text, value numeric);
\copy result from 'results' with (delimiter '|')

CREATE TEMPORARY TABLE measure AS
SELECT row_number() OVER () AS no, m.*
FROM (VALUES
    ('load', 's', 'COPY into text', 'ratio', 1.5),
    ('load of CUR, 195 columns, recurring combinations', 's', 'COPY into text', 'ratio', 1.0),
    ('load of CUR, 195 columns, own combinations', 's', 'COPY into text', NULL, NULL),
    ('two loads at once', 's', 'one after the other', 'ratio', 0.625),
    ('exact_sum, few groups', 'ms', 'sum', 'ratio', 0.65),
    ('exact_sum, one total of each', 'ms', 'sum', 'ratio', 0.65),
    ('exact_sum, one measure', 'ms', 'sum', NULL, NULL),
    ('exact_sum, many groups', 'ms', 'count(*)', 'ratio', 1.2),
    ('running totals', 'ms', 'GROUP BY account, product', 'ratio', 0.25),
    ('running totals, without join', 'ms', 'GROUP BY account, item', NULL, NULL),
    ('running invoice', 'ms', NULL, 'ours', 20),
    ('slowest running invoice', 'ms', NULL, NULL, NULL),
    ('rated_sum, one total', 'ms', 'sum', 'ratio', 1.5),
    ('rating from charges', 'ms', 'count(*) by keys of lines', 'ratio', 1.5),
    ('rating from charges, no month', 'ms', 'the same without the month', 'ratio', 1.5),
    ('rating from charges, one process', 'ms', 'count(*) by keys of lines', NULL, NULL),
    ('rating from charges, pure SQL', 'ms', 'pure SQL, the fastest', 'ratio', 0.5),
    ('rating from roll-ups', 'ms', 'pure SQL, from charges', 'ratio', 0.05),
    ('rating from charges, loop', 'ms', 'PL/pgSQL, 0.5 % x 200', 'ratio', 0.0667),
    ('pure SQL: rules of items, then charges', 'ms', NULL, NULL, NULL),
    ('pure SQL: sums of items, then rules by LATERAL', 'ms', NULL, NULL, NULL),
    ('pure SQL: sums of items, then rules by join', 'ms', NULL, NULL, NULL),
    ('rating from charges, private memory', 'MB', 'work_mem x nodes', 'ratio', 1),
    ('rating from roll-ups, private memory', 'MB', 'work_mem x nodes', 'ratio', 1),
    ('200 tag rules, from roll-ups', 'ms', 'JOIN ON tags @> match', 'ratio', 0.01),
    ('200 tag rules, from charges', 'ms', 'JOIN ON tags @> match', NULL, NULL),
    ('200 tag rules, GIN index', 'ms', 'JOIN, GIN index on tags', NULL, NULL),
    ('200 tag rules, dictionaries', 'ms', 'JOIN of tag_set', NULL, NULL),
    ('200 tag rules, dictionaries and sums', 'ms', 'JOIN of tag_set, sums first', NULL, NULL),
    ('200 selectors on items', 'ms', 'JOIN ON selector_matches', NULL, NULL),
    ('allocation of everything', 'ms', 'GROUP BY item, month', 'ratio', 1.5),
    ('allocation, scan without combinations', 'ms', 'GROUP BY account, month', NULL, NULL),
    ('allocation, rule changed', 'ms', 'GROUP BY item, month', 'ratio', 1),
    ('allocation, pure SQL', 'ms', 'pure SQL', NULL, NULL),
    ('allocate, window', 'ms', 'sum() OVER', 'ratio', 1.5),
    ('allocate, window, ordered', 'ms', 'sum() OVER', NULL, NULL),
    ('reconcile, few groups', 'ms', 'FULL JOIN of two GROUP BYs', 'ratio', 0.7),
    ('reconcile, many groups', 'ms', 'FULL JOIN of two GROUP BYs', 'ratio', 0.7),
    ('reconcile, few groups, one process', 'ms', 'FULL JOIN of two GROUP BYs', NULL, NULL),
    ('reconcile, many groups, one process', 'ms', 'FULL JOIN of two GROUP BYs', NULL, NULL),
    ('reconcile, few groups, private memory', 'MB', 'FULL JOIN of two GROUP BYs', 'ratio', 1),
    ('reconcile, many groups, private memory', 'MB', 'FULL JOIN of two GROUP BYs', 'ratio', 1),
    ('invoice run', 'ms', 'INSERT of the same lines', 'ratio', 4),
    ('invoice run, loop', 'ms', 'PL/pgSQL, 2 % x 50', 'ratio', 0.2),
    ('invoice run, private memory', 'MB', 'a tenth of the customers', 'ratio', 1.25),
    ('bytes a charge, heap', 'bytes', 'text', 'ours', 140),
    ('bytes a charge, heap and indexes', 'bytes', NULL, NULL, NULL),
    ('bytes a charge, roll-ups', 'bytes', NULL, NULL, NULL),
    ('bytes a charge, dictionaries', 'bytes', NULL, NULL, NULL),
    ('load, private memory at most', 'MB', 'COPY into text', 'ours', 128),
    ('load, with shared buffers', 'MB', 'COPY into text', NULL, NULL),
    ('load, temporary files', 'MB', NULL, NULL, NULL),
    ('load, WAL', 'MB', NULL, NULL, NULL)
) AS m (measurement, unit, against, goal_of, goal);

INSERT INTO result
SELECT records, 'slowest running invoice', 'ours', max(value)
FROM result
WHERE measurement = 'running invoice'
GROUP BY records;

SELECT
    to_char(records, 'FM999,999,999,999') AS charges,
    measurement,
    round(ours, digits) AS ours,
    round(baseline, digits) AS baseline,
    unit,
    against AS "baseline is",
    round(ours / nullif(baseline, 0), CASE WHEN ours < baseline / 10 THEN 4 ELSE 2 END) AS ratio,
    CASE goal_of WHEN 'ratio' THEN format('ratio %s', goal) WHEN 'ours' THEN format('%s %s', goal, unit) END AS "at most"
FROM (
    SELECT
        records,
        m.*,
        CASE unit WHEN 's' THEN 2 ELSE 1 END AS digits,
        (percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE side = 'ours'))::numeric AS ours,
        (percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE side = 'baseline' AND against IS NOT NULL))::numeric AS baseline
    FROM result
    JOIN measure AS m USING (measurement)
    GROUP BY records, m.no, m.measurement, m.unit, m.against, m.goal_of, m.goal
) AS medians
ORDER BY records, no;
