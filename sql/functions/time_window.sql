-- By the clock.

-- A window is never edited in place, as price rules are not: nobody could tell what an
-- invoice was computed with.
CREATE OR REPLACE FUNCTION time_window_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('time window "%s" cannot be edited in place', OLD.name),
        DETAIL = 'Only its name may change.',
        HINT = 'Enter another window, end the price rules of this one, and make their successors.';
END
$$;

COMMENT ON FUNCTION time_window_frozen() IS 'trigger that keeps time windows from being edited in place';

CREATE OR REPLACE TRIGGER time_window_frozen BEFORE UPDATE ON time_window
    FOR EACH ROW WHEN (to_jsonb(NEW) - 'name' <> to_jsonb(OLD) - 'name')
    EXECUTE FUNCTION time_window_frozen();

-- Pieces of time that a charge is cut into by windows, one after another: length in
-- microseconds, number of windows, and their keys.  A charge of a whole day by UTC is
-- one whose hours are not known: it counts whole, in what holds at noon of that day.
CREATE OR REPLACE FUNCTION charge_times(starts timestamptz, ends timestamptz, zone text, windows time_window[], holidays holiday[])
RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH
    span AS (
        SELECT CASE WHEN u.is_day THEN (starts AT TIME ZONE 'UTC' + interval '12 hours') AT TIME ZONE zone ELSE starts END AS starts,
            CASE WHEN u.is_day THEN (starts AT TIME ZONE 'UTC' + interval '12 hours') AT TIME ZONE zone ELSE ends END AS ends
        FROM (SELECT ends - starts = '24 hours' AND (starts AT TIME ZONE 'UTC')::time = '00:00' AS is_day) AS u
    ),
    held AS (
        SELECT w.time_window_id, (d.day + w.from_time) AT TIME ZONE zone AS opens,
            (d.day + w.until_time + CASE WHEN w.until_time <= w.from_time THEN interval '1 day' ELSE '0' END) AT TIME ZONE zone AS closes
        FROM span AS s
        CROSS JOIN LATERAL generate_series((s.starts AT TIME ZONE zone)::date - 1, (s.ends AT TIME ZONE zone)::date, interval '1 day') AS g (day)
        CROSS JOIN LATERAL (SELECT g.day::date AS day) AS d
        CROSS JOIN LATERAL unnest(charge_times.windows) AS w
        CROSS JOIN LATERAL (
            SELECT w.calendar IS NOT NULL AND EXISTS (SELECT FROM unnest(charge_times.holidays) AS h WHERE h.calendar = w.calendar AND h.day = d.day) AS is_holiday
        ) AS h
        WHERE CASE w.holidays WHEN 'only' THEN h.is_holiday WHEN 'included' THEN h.is_holiday OR extract(isodow FROM d.day) = ANY (w.weekdays)
            ELSE extract(isodow FROM d.day) = ANY (w.weekdays) AND NOT h.is_holiday END
    ),
    moment AS (
        SELECT s.starts AS at FROM span AS s
        UNION
        SELECT m.at
        FROM held AS h
        CROSS JOIN LATERAL (VALUES (h.opens), (h.closes)) AS m (at)
        CROSS JOIN span AS s
        WHERE m.at > s.starts AND m.at < s.ends
    ),
    piece AS (
        SELECT m.at, lead(m.at, 1, s.ends) OVER (ORDER BY m.at) - m.at AS length,
            ARRAY(SELECT h.time_window_id::bigint FROM held AS h WHERE m.at >= h.opens AND m.at < h.closes ORDER BY 1) AS windows
        FROM moment AS m
        CROSS JOIN span AS s
    )
    SELECT array_agg(e.value ORDER BY p.at, e.no)
    FROM piece AS p
    CROSS JOIN LATERAL unnest(ARRAY[(extract(epoch FROM p.length) * 1000000)::bigint, cardinality(p.windows)] || p.windows) WITH ORDINALITY AS e (value, no);
END;

COMMENT ON FUNCTION charge_times(timestamptz, timestamptz, text, time_window[], holiday[]) IS 'pieces of time that a charge is cut into: length in microseconds, number of windows, windows';
