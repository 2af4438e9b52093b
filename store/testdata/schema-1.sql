-- The whole database of umsrecon, readable top to bottom. Package store
-- creates it and is the only writer.
--
-- _fen   money in whole fen, signed 64-bit; NULL is "not stated", never zero
-- _day   a date, 'YYYY-MM-DD'; NULL is "none"
-- _at    an instant, RFC 3339 in Beijing time (+08:00), fixed width so that
--        text order is time order; NULL is "none"
--
-- application_id and user_version are set by package store: 'UMSR' and the
-- number of this schema.

-- One row per run of a day. Written when the run starts, when it is taken up
-- again, and when it ends.
CREATE TABLE runs (
    run_id     TEXT PRIMARY KEY,          -- UUIDv7: sorts by time
    day        TEXT NOT NULL,             -- the ledger day reconciled
    status     TEXT NOT NULL CHECK (status IN ('running', 'complete', 'incomplete', 'interrupted', 'failed')),
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    reason     TEXT NOT NULL DEFAULT '',  -- why it was interrupted or failed
    summary    TEXT CHECK (summary IS NULL OR json_valid(summary)), -- the published figures, word for word; NULL: published nothing
    judged     INTEGER NOT NULL DEFAULT 0, -- orders with a verdict, for the comparison with other days
    discrepant INTEGER NOT NULL DEFAULT 0,
    closing_event_id INTEGER              -- the last event when it was published: the next roll-forward starts behind it
) STRICT;

CREATE INDEX runs_day_idx ON runs (day, run_id);

-- One row per reading of one source of the ledger. Written with its orders,
-- all or nothing.
CREATE TABLE loads (
    load_id     INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs,
    scope       TEXT NOT NULL,            -- names the source and, where it is per day, the day
    day         TEXT,                     -- NULL: the source is not per day
    files       TEXT NOT NULL CHECK (json_valid(files)),
    sha256      TEXT NOT NULL,            -- of the bytes of all files, in order
    snapshot_at TEXT,                     -- when the books were taken
    loaded_at   TEXT NOT NULL,
    rows        INTEGER NOT NULL CHECK (rows >= 0),
    orders      INTEGER NOT NULL CHECK (orders >= 0),
    invalid     INTEGER NOT NULL CHECK (invalid >= 0),
    total_fen   INTEGER NOT NULL          -- control sum of the amounts of its orders
) STRICT;

CREATE INDEX loads_scope_idx ON loads (scope, load_id);

-- The bad rows of the last load of each scope.
CREATE TABLE bad_rows (
    bad_row_id INTEGER PRIMARY KEY,
    load_id    INTEGER NOT NULL REFERENCES loads,
    case_id    TEXT NOT NULL,             -- of the case it opens: by scope and text
    file       TEXT NOT NULL,
    line       INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    reason_zh  TEXT NOT NULL,
    reason_en  TEXT NOT NULL,
    raw        TEXT NOT NULL,
    damaged    INTEGER NOT NULL CHECK (damaged IN (0, 1))
) STRICT;

CREATE INDEX bad_rows_load_idx ON bad_rows (load_id);
CREATE INDEX bad_rows_case_idx ON bad_rows (case_id);

-- One row per order, as its last load had it. The ledger columns are written
-- by loads, the history columns by answers, the verdict columns by runs.
CREATE TABLE orders (
    order_id      INTEGER PRIMARY KEY,
    mid           TEXT NOT NULL,
    tid           TEXT NOT NULL,
    inst_mid      TEXT NOT NULL,
    bill_day      TEXT NOT NULL,
    bill_no       TEXT NOT NULL,
    refund_id     TEXT NOT NULL DEFAULT '',
    completion_id TEXT NOT NULL DEFAULT '',

    -- the ledger
    ledger_day    TEXT NOT NULL,
    order_no      TEXT NOT NULL,
    amount_fen    INTEGER NOT NULL CHECK (amount_fen >= 0),
    status        TEXT NOT NULL CHECK (status IN ('unpaid', 'paid', 'part_refunded', 'refunded', 'closed', 'processing', 'success', 'failed')),
    paid_at       TEXT,
    buyer_pay_fen INTEGER,
    coupon_fen    INTEGER,
    settle_day    TEXT,
    mer_order_id  TEXT NOT NULL,
    authed_fen    INTEGER,
    auth_code     TEXT NOT NULL,
    contract_id   TEXT NOT NULL,
    fen_order_id  TEXT NOT NULL,
    service_id    TEXT NOT NULL,
    service_start_at TEXT,
    service_end_at   TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    row_hash      TEXT NOT NULL,          -- fingerprint of the mapped columns
    scope         TEXT NOT NULL,
    load_id       INTEGER NOT NULL REFERENCES loads, -- the last load that held it
    copies        INTEGER NOT NULL DEFAULT 1, -- identical rows in that load
    conflicting   INTEGER NOT NULL DEFAULT 0 CHECK (conflicting IN (0, 1)), -- rows of one key differ in that load
    first_seen_at TEXT NOT NULL,
    status_at     TEXT NOT NULL,          -- when the present status was first loaded

    -- the history at UMS
    answer_id        INTEGER REFERENCES answers, -- the last trustworthy one
    last_answer_id   INTEGER REFERENCES answers, -- the last one of any outcome
    first_settle_day TEXT,                -- the settle date UMS first named
    first_paid_at    TEXT,                -- payTime when UMS first called it paid

    -- the verdict
    class         TEXT CHECK (class IN ('unverified', 'discrepant', 'waiting', 'tolerance', 'matched')), -- NULL: not judged yet
    final         INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
    judged_run_id TEXT REFERENCES runs,
    pinned_status TEXT,                   -- how it stood when it became final
    pinned_fen    INTEGER,

    UNIQUE (mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id),
    CHECK (refund_id = '' OR completion_id = '')
) STRICT;

CREATE INDEX orders_open_idx ON orders (ledger_day) WHERE final = 0;
CREATE INDEX orders_day_idx ON orders (ledger_day);
CREATE INDEX orders_scope_idx ON orders (scope, load_id, ledger_day);
CREATE INDEX orders_order_no_idx ON orders (mid, order_no) WHERE order_no <> '';

-- What UMS said, one row per question, never changed. body is word for word
-- but for personal fields, which are masked. The columns are the domain's
-- reading of it, so that nothing has to be parsed again.
CREATE TABLE answers (
    answer_id   INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs,
    order_id    INTEGER NOT NULL REFERENCES orders,
    asked_at    TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('found', 'no_order', 'not_queried', 'failed', 'rejected', 'refused', 'processing', 'malformed', 'key_mismatch')),
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),
    err_code    TEXT NOT NULL,
    message     TEXT NOT NULL,
    body        BLOB,

    bill_status    TEXT,                  -- NULL unless found
    created_at     TEXT,
    total_fen      INTEGER,
    secure_status  TEXT,
    complete_fen   INTEGER,
    card_attr      TEXT,

    pay_status     TEXT,                  -- NULL: no billPayment
    pay_mer_order_id TEXT,
    pay_seq_id     TEXT,
    pay_target_order_id TEXT,
    pay_target_sys TEXT,
    pay_total_fen  INTEGER,
    pay_buyer_fen  INTEGER,
    pay_invoice_fen INTEGER,
    pay_discount_fen INTEGER,
    pay_cash_fen   INTEGER,
    pay_coupon_fen INTEGER,
    pay_at         TEXT,
    pay_settle_day TEXT,

    flow_status    TEXT,                  -- the refund or completion asked about; NULL: no such block
    flow_mer_order_id TEXT,
    flow_seq_id    TEXT,
    flow_target_order_id TEXT,
    flow_target_sys TEXT,
    flow_total_fen INTEGER,
    flow_buyer_fen INTEGER,
    flow_invoice_fen INTEGER,
    flow_discount_fen INTEGER,
    flow_at        TEXT,
    flow_settle_day TEXT
) STRICT;

CREATE INDEX answers_run_idx ON answers (run_id, order_id);
CREATE INDEX answers_order_idx ON answers (order_id, answer_id);
CREATE INDEX answers_seq_idx ON answers (pay_seq_id) WHERE pay_seq_id <> '';
CREATE INDEX answers_target_idx ON answers (pay_target_order_id) WHERE pay_target_order_id <> '';

-- The life of a finding over the nights. Never deleted.
CREATE TABLE cases (
    case_id    TEXT PRIMARY KEY,          -- stable hash of the key and the code
    order_id   INTEGER REFERENCES orders, -- NULL: the case of a bad ledger row
    scope      TEXT NOT NULL DEFAULT '',  -- of the bad row
    code       TEXT NOT NULL,
    severity   TEXT NOT NULL CHECK (severity IN ('S1', 'S2', 'S3', 'waiting')),
    state      TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'resolved', 'cleared', 'waiting', 'unverified')),
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    ledger_day TEXT NOT NULL,
    ledger_fen INTEGER,
    ums_fen    INTEGER,
    gap_fen    INTEGER,                   -- UMS − ledger in money moved, on the one case that carries it
    stake_fen  INTEGER NOT NULL CHECK (stake_fen >= 0),
    reason_zh  TEXT NOT NULL,
    reason_en  TEXT NOT NULL,
    facts      TEXT NOT NULL,             -- what the finding rests on
    gone       INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)), -- the condition no longer holds, but only a person may close it
    first_seen_day TEXT NOT NULL,
    last_seen_day  TEXT NOT NULL,
    times      INTEGER NOT NULL,
    run_id     TEXT NOT NULL REFERENCES runs, -- the last run that saw it
    outcome    TEXT NOT NULL DEFAULT '',  -- what a person decided
    note       TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX cases_order_idx ON cases (order_id);
CREATE INDEX cases_day_idx ON cases (ledger_day, state);
CREATE INDEX cases_pending_idx ON cases (first_seen_day) WHERE state IN ('open', 'proposed');

-- Every step in the life of a case. Appended, never rewritten.
CREATE TABLE events (
    event_id  INTEGER PRIMARY KEY,
    case_id   TEXT NOT NULL REFERENCES cases,
    run_id    TEXT REFERENCES runs,       -- NULL: a person did it
    at        TEXT NOT NULL,
    kind      TEXT NOT NULL,
    was       TEXT NOT NULL,              -- the state before; '' when the case is new
    state     TEXT NOT NULL,              -- the state after
    stake_fen INTEGER NOT NULL,
    delta_fen INTEGER NOT NULL DEFAULT 0,
    by_whom   TEXT NOT NULL DEFAULT '',
    reason_zh TEXT NOT NULL DEFAULT '',
    reason_en TEXT NOT NULL DEFAULT '',
    facts     TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX events_case_idx ON events (case_id, event_id);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are appended, never rewritten'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are appended, never rewritten'); END;

-- The notes (S4, INFO) of a run: no case, no life.
CREATE TABLE notes (
    run_id     TEXT NOT NULL REFERENCES runs,
    order_id   INTEGER NOT NULL REFERENCES orders,
    code       TEXT NOT NULL,
    nth        INTEGER NOT NULL,          -- an order can carry a code more than once (one per field)
    severity   TEXT NOT NULL CHECK (severity IN ('S4', 'INFO')),
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    ledger_fen INTEGER,
    ums_fen    INTEGER,
    gap_fen    INTEGER,
    stake_fen  INTEGER NOT NULL,
    reason_zh  TEXT NOT NULL,
    reason_en  TEXT NOT NULL,
    facts      TEXT NOT NULL,
    PRIMARY KEY (order_id, run_id, code, nth)
) STRICT, WITHOUT ROWID;

-- The workbooks as they were written, to know later whether somebody has
-- edited one since.
CREATE TABLE workbooks (
    path       TEXT PRIMARY KEY,          -- as written; relative to the reports folder
    sha256     TEXT NOT NULL,
    run_id     TEXT REFERENCES runs,
    written_at TEXT NOT NULL
) STRICT;
