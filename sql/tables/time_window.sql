-- Days that count as holidays.
CREATE TABLE holiday (
    calendar  text  NOT NULL,
    day       date  NOT NULL,
    name      text,

    PRIMARY KEY (calendar, day),
    CHECK (calendar ~ '\S'),
    CHECK (isfinite(day))
);

COMMENT ON TABLE holiday IS 'holidays, by calendar; made for COPY';
COMMENT ON COLUMN holiday.calendar IS 'name of the calendar, such as NL';
COMMENT ON COLUMN holiday.day IS 'the day, in the customer''s time zone';
COMMENT ON COLUMN holiday.name IS 'what it is called';

SELECT pg_catalog.pg_extension_config_dump('holiday', '');

-- Windows of time that prices differ in.
CREATE TABLE time_window (
    time_window_id  int     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text    NOT NULL UNIQUE,
    weekdays        int[]   NOT NULL DEFAULT '{1,2,3,4,5,6,7}',
    from_time       time    NOT NULL DEFAULT '00:00',
    until_time      time    NOT NULL DEFAULT '24:00',
    holidays        text    NOT NULL DEFAULT 'ignored',
    calendar        text,

    CHECK (name ~ '\S'),
    CHECK (weekdays <@ '{1,2,3,4,5,6,7}'),
    CHECK (from_time <> until_time AND from_time < '24:00'),
    CHECK (holidays IN ('ignored', 'included', 'excluded', 'only')),
    CONSTRAINT time_window_calendar CHECK ((holidays = 'ignored') = (calendar IS NULL)),
    CONSTRAINT time_window_days CHECK (holidays = 'only' OR cardinality(weekdays) > 0)
);

COMMENT ON TABLE time_window IS 'windows of time that price rules are about: evenings, weekends, holidays';
COMMENT ON COLUMN time_window.time_window_id IS 'key of the window';
COMMENT ON COLUMN time_window.name IS 'name of the window';
COMMENT ON COLUMN time_window.weekdays IS 'days on which it begins: 1 is Monday, 7 Sunday';
COMMENT ON COLUMN time_window.from_time IS 'time at which it begins, in the customer''s time zone';
COMMENT ON COLUMN time_window.until_time IS 'time at which it ends; on the next day where that is no later than from_time';
COMMENT ON COLUMN time_window.holidays IS 'ignored: days of the week alone count; included: it begins on holidays too; excluded: not on holidays; only: on holidays, whatever day of the week they are';
COMMENT ON COLUMN time_window.calendar IS 'calendar that holidays are of';

SELECT pg_catalog.pg_extension_config_dump('time_window', '');
SELECT pg_catalog.pg_extension_config_dump('time_window_time_window_id_seq', '');
