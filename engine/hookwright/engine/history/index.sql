-- The index of the journal: disposable, rebuilt from the segments whenever it is missing or of another version.
-- Times are Unix milliseconds. Places in the journal are (segment, offset).

CREATE TABLE segments (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given to another segment
    name     TEXT NOT NULL UNIQUE,
    offset   INTEGER NOT NULL DEFAULT 0,  -- read up to here
    finished INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE events (
    source      TEXT NOT NULL,
    id          TEXT NOT NULL,
    type        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    revision    TEXT NOT NULL,
    accepted    INTEGER NOT NULL,
    segment     INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    first       INTEGER NOT NULL,  -- its deliveries are numbered from here
    count       INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;

CREATE TABLE deliveries (
    number       INTEGER PRIMARY KEY,  -- in the order of acceptance
    id           TEXT NOT NULL UNIQUE,
    message      TEXT NOT NULL,
    status       TEXT NOT NULL,
    state        TEXT NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    action       TEXT NOT NULL,
    event_source TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    place        TEXT NOT NULL,
    revision     TEXT NOT NULL,
    accepted     INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    due          INTEGER NOT NULL,
    next         INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    code         INTEGER,  -- last HTTP status
    error        TEXT,
    reason       TEXT NOT NULL DEFAULT '',
    url          TEXT,
    kind         TEXT NOT NULL,  -- what opened it: event, batch, notice, replay or action
    round        INTEGER NOT NULL DEFAULT 0,  -- 0 is the first, n the nth replay
    batch        TEXT,  -- the delivery of the batch this one went into; it follows that one
    members      INTEGER,  -- how many a batch took along
    closed       TEXT,  -- why a batch closed
    half_of      TEXT,  -- the batch it is half of, which was refused
    test         INTEGER NOT NULL DEFAULT 0,
    run          TEXT,  -- the run that asked for it
    transmitted  INTEGER,  -- when the last request was begun
    took         REAL,  -- seconds it lasted
    verdict      TEXT,  -- what the last answer says of itself
    verdict_reason TEXT,
    lines        TEXT NOT NULL DEFAULT '',  -- where the bookkeeper's about it stand: "segment:offset " each
    changed      INTEGER NOT NULL,  -- grows with every change of any delivery
    event_segment INTEGER NOT NULL,
    event_offset  INTEGER NOT NULL,
    segment      INTEGER NOT NULL,  -- the line that holds this delivery
    offset       INTEGER NOT NULL
);
CREATE INDEX open_deliveries ON deliveries (number) WHERE status = 'In Queue';
CREATE INDEX failed_deliveries ON deliveries (number) WHERE status = 'Failure';
CREATE INDEX batched_deliveries ON deliveries (batch) WHERE batch IS NOT NULL;
CREATE INDEX message_deliveries ON deliveries (message);
CREATE INDEX notices ON deliveries (action, status) WHERE kind = 'notice';
CREATE INDEX changed_deliveries ON deliveries (changed);
CREATE INDEX accepted_deliveries ON deliveries (accepted);
CREATE INDEX run_deliveries ON deliveries (run) WHERE run IS NOT NULL;

CREATE TABLE runs (  -- of automations, as the last line about each says
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    status       TEXT NOT NULL,
    reason       TEXT NOT NULL DEFAULT '',
    entity_id    TEXT NOT NULL,
    event_source TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    place        TEXT NOT NULL,
    revision     TEXT NOT NULL,
    key          TEXT NOT NULL DEFAULT '',
    begun        INTEGER NOT NULL DEFAULT 0,  -- 0: it waits for its turn, or its time
    accepted     INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    due          INTEGER NOT NULL,
    segment      INTEGER NOT NULL,  -- the line of its event, or its own first one
    offset       INTEGER NOT NULL
);
CREATE INDEX open_runs ON runs (number) WHERE status = 'In Queue';
CREATE INDEX event_runs ON runs (event_source, event_id);

CREATE TABLE run_lines (  -- what the runner wrote about a run and its steps
    run     INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    offset  INTEGER NOT NULL,
    PRIMARY KEY (run, segment, offset)
) WITHOUT ROWID;

CREATE TABLE seen (  -- events that runs waited for
    source TEXT NOT NULL,
    id     TEXT NOT NULL,
    run    INTEGER NOT NULL,
    PRIMARY KEY (source, id, run)
) WITHOUT ROWID;

CREATE TABLE digests (  -- about whom to tell whom what, and when a notice last did
    id           INTEGER PRIMARY KEY,
    entity_type  TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    notifier     TEXT NOT NULL,
    tells        TEXT NOT NULL,  -- failure or disabled
    count        INTEGER NOT NULL DEFAULT 0,  -- how much of it stands in untold
    told         INTEGER,  -- when the last notice was written
    told_segment INTEGER NOT NULL DEFAULT -2000000000000000000,  -- its place: `standing` of the segment, and the offset
    told_offset  INTEGER NOT NULL DEFAULT -1,
    UNIQUE (entity_type, entity_id, notifier, tells)
);

CREATE TABLE untold (  -- what no notice has told yet, at the place of the line that says so
    digest   INTEGER NOT NULL,
    segment  INTEGER NOT NULL,  -- number of the bookkeeper's segment
    offset   INTEGER NOT NULL,
    delivery INTEGER,  -- that failed
    switch   TEXT,  -- or that switched the subscriber off
    PRIMARY KEY (digest, segment, offset)
) WITHOUT ROWID;

CREATE TABLE switches (  -- the last word on every subscriber or endpoint that was ever switched on or off
    name   TEXT PRIMARY KEY,
    state  TEXT NOT NULL,  -- enabled, disabled or paused
    reason TEXT NOT NULL,
    by     TEXT NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (  -- replays of many deliveries, as the last line about each says
    id      TEXT PRIMARY KEY,
    asked   TEXT NOT NULL,
    state   TEXT NOT NULL,
    record  TEXT NOT NULL,  -- that line's fields
    segment INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE replayed (  -- what a running job has replayed since that line
    job      TEXT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (job, delivery)
) WITHOUT ROWID;

CREATE TABLE expunges (  -- events whose content has to go, or is gone
    source TEXT NOT NULL,
    id     TEXT NOT NULL,
    at     INTEGER NOT NULL,  -- when somebody said so
    by     TEXT NOT NULL,
    why    TEXT NOT NULL,
    done   INTEGER,  -- when it was gone
    PRIMARY KEY (source, id)
) WITHOUT ROWID;

CREATE TABLE damage (  -- what could not be read; empty in a sound journal
    segment INTEGER NOT NULL,
    offset  INTEGER NOT NULL,
    length  INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (segment, offset, reason)
) WITHOUT ROWID;
