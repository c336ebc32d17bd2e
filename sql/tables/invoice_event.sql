-- Which events there are, and what they make of a document.  Part of the extension:
-- it is not dumped.
CREATE TABLE invoice_transition (
    state_before  text  NOT NULL,
    event         text  NOT NULL,
    state         text  NOT NULL,

    PRIMARY KEY (state_before, event),
    UNIQUE (state_before, event, state)
);

COMMENT ON TABLE invoice_transition IS 'what may happen to a finalised document in each state, and which state that leads to';
COMMENT ON COLUMN invoice_transition.state_before IS 'finalised, sent, disputed or written_off';
COMMENT ON COLUMN invoice_transition.event IS 'sent, disputed, settled, written_off, reinstated or note';
COMMENT ON COLUMN invoice_transition.state IS 'state after it';

INSERT INTO invoice_transition (state_before, event, state) VALUES
    ('finalised', 'sent', 'sent'),
    ('finalised', 'disputed', 'disputed'),
    ('finalised', 'written_off', 'written_off'),
    ('finalised', 'note', 'finalised'),
    ('sent', 'sent', 'sent'),
    ('sent', 'disputed', 'disputed'),
    ('sent', 'written_off', 'written_off'),
    ('sent', 'note', 'sent'),
    ('disputed', 'settled', 'sent'),
    ('disputed', 'written_off', 'written_off'),
    ('disputed', 'note', 'disputed'),
    ('written_off', 'reinstated', 'sent'),
    ('written_off', 'note', 'written_off');

-- What happened to a document after it was finalised.  Each event names the state it
-- found, which must be the one that the event before it left: a foreign key sees to
-- it, so that nobody can put a step in, or take one that there is not.
CREATE TABLE invoice_event (
    invoice_event_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id        int          NOT NULL REFERENCES invoice,
    event_no          int          NOT NULL,
    event             text         NOT NULL,
    state_before      text         NOT NULL,
    state             text         NOT NULL,
    reason            text,
    recorded_at       timestamptz  NOT NULL DEFAULT now(),
    recorded_by       name         NOT NULL DEFAULT session_user,
    previous_no       int          GENERATED ALWAYS AS (nullif(event_no, 1) - 1) STORED,

    UNIQUE (invoice_id, event_no),
    UNIQUE (invoice_id, event_no, state),
    CONSTRAINT invoice_event_transition FOREIGN KEY (state_before, event, state) REFERENCES invoice_transition (state_before, event, state),
    CONSTRAINT invoice_event_follows FOREIGN KEY (invoice_id, previous_no, state_before) REFERENCES invoice_event (invoice_id, event_no, state),
    CONSTRAINT invoice_event_first CHECK (event_no > 1 OR event_no = 1 AND state_before = 'finalised'),
    CONSTRAINT invoice_event_reason CHECK (event = 'sent' OR reason IS NOT NULL AND reason ~ '\S')
);

COMMENT ON TABLE invoice_event IS 'what happened to documents after they were finalised: sent, disputed, settled, written off, reinstated, and notes';
COMMENT ON COLUMN invoice_event.invoice_event_id IS 'key of the event';
COMMENT ON COLUMN invoice_event.invoice_id IS 'the document';
COMMENT ON COLUMN invoice_event.event_no IS '1 for the document''s first event, and so on without gaps';
COMMENT ON COLUMN invoice_event.event IS 'sent, disputed, settled (the dispute is), written_off (it will not be paid), reinstated (it is asked for again) or note';
COMMENT ON COLUMN invoice_event.state_before IS 'state the document was in';
COMMENT ON COLUMN invoice_event.state IS 'state it is in since: finalised, sent, disputed or written_off';
COMMENT ON COLUMN invoice_event.reason IS 'why; needed for all but sent';
COMMENT ON COLUMN invoice_event.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN invoice_event.recorded_by IS 'user who recorded it';
COMMENT ON COLUMN invoice_event.previous_no IS 'number of the event before it; NULL for the first';

SELECT pg_catalog.pg_extension_config_dump('invoice_event', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_event_invoice_event_id_seq', '');
