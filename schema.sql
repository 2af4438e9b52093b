-- The whole database of umsrecon, readable top to bottom. Package store
-- creates it and is the only writer.
--
-- _fen   money in whole fen, signed 64-bit; NULL is "not stated", never zero
-- _day   a date, 'YYYY-MM-DD'; NULL is "none"
-- _at    an instant, RFC 3339 in Beijing time (+08:00), fixed width so that
--        text order is time order; NULL is "none"
--
-- application_id and user_version are set by package store: 'UMSR' and the
-- number of this schema. On PostgreSQL, for which store/postgres puts this into
-- its words, the comment on the table runs says so.

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
    closing_event_id INTEGER,             -- the last event when it was published: the next roll-forward starts behind it
    publication INTEGER,                  -- counts up in the order in which runs were published, which is not that of their ids; NULL: published nothing
    pruned     INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1)), -- 1: replaced and older than keep.runs: its notes are gone, and its loads but for those that rows name
    requests   INTEGER NOT NULL DEFAULT 0 -- that its processes took of gateway.max_requests_per_run; counted on a server, where there is such a limit
) STRICT;

CREATE INDEX runs_day_idx ON runs (day, run_id);
CREATE UNIQUE INDEX runs_publication_idx ON runs (publication) WHERE publication IS NOT NULL;

-- The figures of a run by merchant, where they are kept (reports.per_merchant):
-- what belongs to none stands under ''. Written with the run's own.
CREATE TABLE shares (
    run_id     TEXT NOT NULL REFERENCES runs,
    mid        TEXT NOT NULL,
    figures    TEXT NOT NULL CHECK (json_valid(figures)), -- word for word
    PRIMARY KEY (run_id, mid)
) STRICT, WITHOUT ROWID;

-- One row per reading of one source of the ledger, or of one statement. Written
-- with its orders or lines, all or nothing.
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
    total_fen   INTEGER NOT NULL,         -- control sum of the amounts of its orders
    kind        TEXT NOT NULL DEFAULT 'ledger' CHECK (kind IN ('ledger', 'statement')),
    reading     TEXT NOT NULL DEFAULT '', -- of a statement: changes with its bytes, and with how they are understood; 'missed …': its control totals are not met
    judged_run_id TEXT REFERENCES runs    -- of a statement: the run that first judged the bills of its settle dates; NULL: none yet
) STRICT;

CREATE INDEX loads_scope_idx ON loads (scope, load_id);
CREATE INDEX loads_statements_idx ON loads (judged_run_id, load_id) WHERE kind = 'statement';

-- When the files of the last load of each scope were taken, where they are
-- several.
CREATE TABLE load_files (
    load_id  INTEGER NOT NULL REFERENCES loads,
    file     TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    PRIMARY KEY (load_id, file)
) STRICT, WITHOUT ROWID;

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
    damaged    INTEGER NOT NULL CHECK (damaged IN (0, 1)),
    -- of a line of a statement what could be read all the same; '': it could not
    mid        TEXT NOT NULL DEFAULT '',
    kind       TEXT NOT NULL DEFAULT '' CHECK (kind IN ('', 'payment', 'refund')),
    reference  TEXT NOT NULL DEFAULT '',
    mer_order_id TEXT NOT NULL DEFAULT '',
    order_id   INTEGER REFERENCES orders  -- an order of the bill that these name; NULL: not known
) STRICT;

CREATE INDEX bad_rows_load_idx ON bad_rows (load_id);
CREATE INDEX bad_rows_case_idx ON bad_rows (case_id);
CREATE INDEX bad_rows_order_idx ON bad_rows (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX bad_rows_homeless_idx ON bad_rows (bad_row_id) WHERE order_id IS NULL AND (reference <> '' OR mer_order_id <> '');

-- One row per order, as its last load had it. The ledger columns are written
-- by loads, the history columns by answers, the verdict columns by runs. The two
-- answers and the run are not references: to take one away all orders would have to
-- be looked through, and each verdict would look its run up. umsrecon check holds
-- them against the order's own answers and the published runs. With keep.orders
-- whole families of old months are taken away (see horizons).
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
    load_id       INTEGER NOT NULL REFERENCES loads, -- the load that wrote it; one that finds it unchanged writes nothing
    gone_load_id  INTEGER REFERENCES loads, -- the last load that held it; NULL: the last of its source that has rows
    copies        INTEGER NOT NULL DEFAULT 1, -- identical rows in that load
    conflicting   INTEGER NOT NULL DEFAULT 0 CHECK (conflicting IN (0, 1)), -- rows of one key differ in that load
    first_seen_at TEXT NOT NULL,
    status_at     TEXT NOT NULL,          -- when the present status was first loaded

    -- the history at UMS
    answer_id        INTEGER,             -- the last trustworthy one of its own answers
    last_answer_id   INTEGER,             -- the last one of any outcome
    first_settle_day TEXT,                -- the settle date UMS first named
    first_paid_at    TEXT,                -- payTime when UMS first called it paid

    -- the verdict
    class         TEXT CHECK (class IN ('unverified', 'discrepant', 'waiting', 'tolerance', 'matched')), -- NULL: not judged, or not since its row changed
    final         INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
    judged_run_id TEXT,                   -- the published run that judged it last
    pinned_status TEXT,                   -- how it stood when it became final
    pinned_fen    INTEGER,

    UNIQUE (mid, tid, inst_mid, bill_day, bill_no, refund_id, completion_id),
    CHECK (refund_id = '' OR completion_id = '')
) STRICT;

CREATE INDEX orders_open_idx ON orders (ledger_day) WHERE final = 0;
CREATE INDEX orders_day_idx ON orders (ledger_day);
CREATE INDEX orders_load_idx ON orders (load_id, ledger_day, gone_load_id);
CREATE INDEX orders_gone_idx ON orders (gone_load_id) WHERE gone_load_id IS NOT NULL;
CREATE INDEX orders_mer_order_id_idx ON orders (mid, mer_order_id) WHERE mer_order_id <> '';
CREATE INDEX orders_order_no_idx ON orders (mid, order_no) WHERE order_no <> '';

-- What UMS said, one row per question, never changed. body is word for word
-- but for personal fields, which are masked. The columns are the domain's
-- reading of it, so that nothing has to be parsed again: they stay when keep.answers
-- takes the body away.
CREATE TABLE answers (
    answer_id   INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs,
    order_id    INTEGER NOT NULL REFERENCES orders,
    asked_at    TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('found', 'no_order', 'not_queried', 'failed', 'rejected', 'refused', 'processing', 'malformed', 'key_mismatch')),
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),
    err_code    TEXT NOT NULL,
    message     TEXT NOT NULL,
    body        BLOB,                     -- packed, see store/body.go; a text as it is was kept by an earlier version; NULL: there was none, or it is older than keep.answers

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
CREATE INDEX answers_body_idx ON answers (answer_id) WHERE body IS NOT NULL; -- the oldest answers have the smallest ids
CREATE INDEX answers_order_idx ON answers (order_id, answer_id);
CREATE INDEX answers_seq_idx ON answers (pay_seq_id) WHERE pay_seq_id <> '';
CREATE INDEX answers_target_idx ON answers (pay_target_order_id) WHERE pay_target_order_id <> '';
CREATE INDEX answers_mer_idx ON answers (pay_mer_order_id) WHERE pay_mer_order_id <> '';
CREATE INDEX answers_flow_seq_idx ON answers (flow_seq_id) WHERE flow_seq_id <> '';
CREATE INDEX answers_flow_target_idx ON answers (flow_target_order_id) WHERE flow_target_order_id <> '';
CREATE INDEX answers_settle_idx ON answers (pay_settle_day) WHERE pay_settle_day IS NOT NULL;
CREATE INDEX answers_flow_settle_idx ON answers (flow_settle_day) WHERE flow_settle_day IS NOT NULL;
-- When it was paid, where that can be the month of a settlement's line: all but payments with a settle date of which nothing was given back.
CREATE INDEX answers_unsettled_idx ON answers (pay_at) WHERE pay_at IS NOT NULL
  AND (pay_settle_day IS NULL OR flow_status IS NOT NULL OR bill_status IS DISTINCT FROM 'PAID' OR pay_status IS DISTINCT FROM 'TRADE_SUCCESS');
CREATE INDEX answers_flow_unsettled_idx ON answers (flow_at) WHERE flow_at IS NOT NULL AND flow_settle_day IS NULL;
CREATE INDEX answers_flow_mer_idx ON answers (flow_mer_order_id) WHERE flow_mer_order_id <> '';

-- On a server: the orders that the run under way wants asked, dealt out to the
-- processes that ask. Written when the asking begins; an answer takes its order
-- away, and the end of the asking the rest. A file has a temporary list instead.
CREATE TABLE questions (
    order_id   INTEGER PRIMARY KEY REFERENCES orders,
    run_id     TEXT NOT NULL REFERENCES runs,
    nth        INTEGER NOT NULL,          -- its turn
    mid        TEXT NOT NULL,
    again      INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)), -- 1: UMS had the bill locked; it is asked for the last time
    for_run    INTEGER NOT NULL DEFAULT 0 CHECK (for_run IN (0, 1)), -- 1: a worker had no answer, or was refused; the run itself asks
    worker     TEXT NOT NULL DEFAULT '',  -- the process that holds it, 'run …' or 'worker …'; '': none
    free_ms    INTEGER NOT NULL DEFAULT 0 -- from when on anybody may take it: milliseconds since 1970 of the server's clock
) STRICT;

CREATE INDEX questions_turn_idx ON questions (nth);
CREATE INDEX questions_held_idx ON questions (worker) WHERE worker <> '';

-- On a server: when the next request of an app id may go, over all processes. A
-- process takes a few places in the row at a time; those of one that dies pass.
CREATE TABLE paces (
    app_id  TEXT PRIMARY KEY,
    next_us INTEGER NOT NULL,             -- microseconds since 1970 of the server's clock
    taken_us INTEGER NOT NULL             -- when some were taken last, by the same clock
) STRICT;

-- What the platform sent without being asked. Written by the receiver and by
-- imports; a repeat of the same content adds to its row. order_id is found out
-- by runs. Of notices that are not verified the first hundred of a day and path
-- have rows, the rest is counted on the last of them.
CREATE TABLE notices (
    notice_id   INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('', 'deduction', 'bill', 'contract')), -- '': it could not be read
    mid         TEXT NOT NULL,
    notify_id   TEXT NOT NULL,            -- '': it has none
    digest      TEXT NOT NULL,            -- of the business fields: the same in a repeat
    verified    INTEGER NOT NULL CHECK (verified IN (0, 1)), -- 0: kept, never evidence
    why         TEXT NOT NULL,            -- why it is not verified, or which field could not be read
    path        TEXT NOT NULL CHECK (path IN ('notice', 'contract', 'import')),
    received_at TEXT NOT NULL,
    last_at     TEXT NOT NULL,            -- of the last repeat
    repeats     INTEGER NOT NULL DEFAULT 0,
    changes     INTEGER REFERENCES notices, -- the first one of this notify_id, which said something else
    order_id    INTEGER REFERENCES orders,  -- an order of the bill that it is about; NULL: not known
    body        BLOB,                     -- as JSON; values that the business does not need, and names that no page has, masked

    tid         TEXT NOT NULL,
    inst_mid    TEXT NOT NULL,
    bill_day    TEXT,                     -- bill notices name their bill
    bill_no     TEXT NOT NULL,
    bill_status TEXT,
    status      TEXT,
    mer_order_id TEXT NOT NULL,
    pay_seq_id  TEXT NOT NULL,
    target_order_id TEXT NOT NULL,
    target_sys  TEXT,
    total_fen   INTEGER,
    pay_total_fen INTEGER,
    buyer_fen   INTEGER,
    coupon_fen  INTEGER,
    refund_fen  INTEGER,
    pay_at      TEXT,
    settle_day  TEXT,
    contract_id TEXT NOT NULL,            -- of a deduction; of a contract notice its authorizationCode
    signed_at   TEXT,                     -- of the contract of a deduction
    ends_at     TEXT,
    service_id  TEXT NOT NULL,            -- contract notices only, as the two below
    contract_open INTEGER NOT NULL CHECK (contract_open IN (0, 1)),
    contract_at TEXT
) STRICT;

-- Every notice that was answered SUCCESS is here exactly once.
CREATE UNIQUE INDEX notices_once_idx ON notices (kind, mid, notify_id, digest) WHERE verified = 1;
CREATE INDEX notices_order_idx ON notices (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX notices_changes_idx ON notices (changes) WHERE changes IS NOT NULL;
CREATE INDEX notices_homeless_idx ON notices (received_at) WHERE order_id IS NULL AND verified = 1;
CREATE INDEX notices_received_idx ON notices (received_at);
CREATE INDEX notices_unverified_idx ON notices (path, received_at) WHERE verified = 0;
CREATE INDEX notices_contract_idx ON notices (mid, contract_id, contract_at) WHERE kind = 'contract' AND verified = 1;
CREATE INDEX notices_first_idx ON notices (mid, coalesce(pay_at, received_at)) WHERE verified = 1 AND kind <> 'contract';

-- The lines of the last load of each statement (the merchant portal's export of
-- what UMS settles). order_id is found out by runs.
CREATE TABLE statement_lines (
    line_id     INTEGER PRIMARY KEY,
    load_id     INTEGER NOT NULL REFERENCES loads,
    digest      TEXT NOT NULL,            -- of what it says: the same in a duplicate
    case_id     TEXT NOT NULL,            -- of the case that it opens when it belongs to no order
    copies      INTEGER NOT NULL DEFAULT 1, -- identical lines in that load
    order_id    INTEGER REFERENCES orders, -- an order of the bill that it is about; NULL: not known
    mid         TEXT NOT NULL,
    tid         TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('payment', 'refund')),
    reference   TEXT NOT NULL,            -- paySeqId
    mer_order_id TEXT NOT NULL,
    amount_fen  INTEGER NOT NULL CHECK (amount_fen >= 0), -- of a refund, too
    fee_fen     INTEGER,                  -- kept by UMS; negative: given back
    net_fen     INTEGER,                  -- paid out; negative: taken back
    settle_day  TEXT NOT NULL,
    paid_at     TEXT,
    file        TEXT NOT NULL,
    line        INTEGER NOT NULL,
    UNIQUE (load_id, digest)
) STRICT;

CREATE INDEX statement_lines_digest_idx ON statement_lines (digest, line_id);
CREATE INDEX statement_lines_order_idx ON statement_lines (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX statement_lines_homeless_idx ON statement_lines (line_id) WHERE order_id IS NULL;
CREATE INDEX statement_lines_case_idx ON statement_lines (case_id);
CREATE INDEX statement_lines_day_idx ON statement_lines (settle_day, mid);

-- The settle dates of merchants that the last load of a statement is about.
CREATE TABLE statement_days (
    load_id    INTEGER NOT NULL REFERENCES loads,
    mid        TEXT NOT NULL,
    settle_day TEXT NOT NULL,
    agreed     INTEGER NOT NULL DEFAULT 0 CHECK (agreed IN (0, 1)), -- it was found to add up to what the bills say
    PRIMARY KEY (settle_day, mid, load_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX statement_days_open_idx ON statement_days (settle_day) WHERE agreed = 0;

-- What UMS was told by the two calls that change something, once each. Written
-- before the request goes out, and after.
CREATE TABLE sendings (
    sending_id INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('preauth_complete', 'pay_score_sync')),
    state      TEXT NOT NULL CHECK (state IN ('intended', 'under_way', 'unsure', 'done', 'refused')),
    mid        TEXT NOT NULL,
    tid        TEXT NOT NULL,
    inst_mid   TEXT NOT NULL,
    bill_day   TEXT,
    bill_no    TEXT NOT NULL,
    refund_id  TEXT NOT NULL CHECK (refund_id = ''),
    completion_id TEXT NOT NULL,          -- authedOrderId
    auth_code  TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
    fen_order_id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    paid_at    TEXT,
    by_whom    TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    sent_at    TEXT,                      -- the last request; NULL: none yet
    attempts   INTEGER NOT NULL,
    err_code   TEXT NOT NULL,
    message    TEXT NOT NULL
) STRICT;

-- A completion has its own id at UMS; a pay-score order is told once.
CREATE UNIQUE INDEX sendings_completion_idx ON sendings (mid, completion_id) WHERE kind = 'preauth_complete';
CREATE UNIQUE INDEX sendings_sync_idx ON sendings (mid, fen_order_id) WHERE kind = 'pay_score_sync';
CREATE INDEX sendings_bill_idx ON sendings (mid, bill_day, bill_no);

-- Every step of a sending. Appended, never rewritten.
CREATE TABLE sending_steps (
    step_id    INTEGER PRIMARY KEY,
    sending_id INTEGER NOT NULL REFERENCES sendings,
    at         TEXT NOT NULL,
    state      TEXT NOT NULL,             -- after the step
    err_code   TEXT NOT NULL,
    message    TEXT NOT NULL,
    body       BLOB                       -- what UMS said, masked
) STRICT;

CREATE INDEX sending_steps_sending_idx ON sending_steps (sending_id, step_id);
CREATE TRIGGER sending_steps_are_never_changed BEFORE UPDATE ON sending_steps
BEGIN SELECT RAISE(ABORT, 'steps are appended, never rewritten'); END;
CREATE TRIGGER sending_steps_are_never_deleted BEFORE DELETE ON sending_steps
BEGIN SELECT RAISE(ABORT, 'steps are appended, never rewritten'); END;

-- The life of a finding over the nights. Never deleted.
CREATE TABLE cases (
    case_id    TEXT PRIMARY KEY,          -- stable hash of the key and the code
    order_id   INTEGER REFERENCES orders, -- NULL: it is about no order of the ledger: a bad row, a notice, a line or the total of a statement, a cause
    scope      TEXT NOT NULL DEFAULT '',  -- the source, of the case of a bad row or of the cause of bad rows; else ''
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
    decided_by TEXT NOT NULL DEFAULT '',
    reviewed_by TEXT NOT NULL DEFAULT '', -- who approved it, where two are needed
    notice_id  INTEGER REFERENCES notices, -- of a case about notices: the first of them
    mid        TEXT,                      -- of a case that no order carries, where it is known: of a cause, a line or the total of a statement, a row of a merchant's own ledger
    covers     INTEGER NOT NULL DEFAULT 0 CHECK (covers >= 0) -- orders or rows that it stands for; 0: it is about one
) STRICT;

CREATE INDEX cases_order_idx ON cases (order_id);
CREATE INDEX cases_day_idx ON cases (ledger_day, state);
CREATE INDEX cases_causes_idx ON cases (ledger_day) WHERE covers > 0;
CREATE INDEX cases_notice_idx ON cases (notice_id) WHERE notice_id IS NOT NULL;
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
CREATE INDEX events_run_idx ON events (run_id) WHERE run_id IS NOT NULL;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are appended, never rewritten'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are appended, never rewritten'); END;

-- Who signed a ledger day off, and who opened it again. Appended, never
-- rewritten: the last row of a day says how it stands.
CREATE TABLE sign_offs (
    sign_off_id INTEGER PRIMARY KEY,
    day         TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('closed', 'reopened')),
    at          TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    system_user TEXT NOT NULL,
    note        TEXT NOT NULL,
    accepted    TEXT NOT NULL CHECK (json_valid(accepted)), -- ids of pending cases that the signer took note of
    run_id      TEXT NOT NULL REFERENCES runs -- whose figures were signed
) STRICT;

CREATE INDEX sign_offs_day_idx ON sign_offs (day, sign_off_id);
CREATE TRIGGER sign_offs_are_never_changed BEFORE UPDATE ON sign_offs
BEGIN SELECT RAISE(ABORT, 'sign-offs are appended, never rewritten'); END;
CREATE TRIGGER sign_offs_are_never_deleted BEFORE DELETE ON sign_offs
BEGIN SELECT RAISE(ABORT, 'sign-offs are appended, never rewritten'); END;

-- The findings of a run that have no case: notes (S4, INFO), and those for which
-- the case of a cause stands.
CREATE TABLE notes (
    run_id     TEXT NOT NULL REFERENCES runs,
    order_id   INTEGER NOT NULL REFERENCES orders,
    code       TEXT NOT NULL,
    nth        INTEGER NOT NULL,          -- an order can carry a code more than once (one per field)
    severity   TEXT NOT NULL CHECK (severity IN ('S1', 'S2', 'S3', 'S4', 'INFO')),
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

CREATE INDEX notes_covered_idx ON notes (run_id) WHERE severity IN ('S1', 'S2', 'S3');
CREATE INDEX notes_duplicates_idx ON notes (run_id) WHERE code = 'LEDGER_DUPLICATE_ROW';

-- From which day on orders are kept: the ledger days before the latest of these
-- are history, which nothing reads as whole or writes again. A row is written
-- before the first order goes, and stays whatever keep.orders says later.
CREATE TABLE horizons (
    before_day TEXT PRIMARY KEY,          -- the first of a month
    at         TEXT NOT NULL,
    walked_day TEXT,                      -- the ledger days before it were gone through; NULL: none yet
    orders     INTEGER NOT NULL DEFAULT 0 CHECK (orders >= 0) -- that went so far
) STRICT;

CREATE TRIGGER horizons_are_never_deleted BEFORE DELETE ON horizons
BEGIN SELECT RAISE(ABORT, 'what is history stays history'); END;

-- The workbooks as they were written, to know later whether somebody has
-- edited one since.
CREATE TABLE workbooks (
    path       TEXT PRIMARY KEY,          -- as written; relative to the reports folder
    sha256     TEXT NOT NULL,             -- '': it is being written for the first time
    run_id     TEXT REFERENCES runs,      -- whose figures it shows. That of all merchants is written last of a run's workbooks: none of a published run that is not intended again, and they are not all there
    written_at TEXT NOT NULL,
    intended_sha256 TEXT NOT NULL DEFAULT '', -- of what is about to get this name, so that it is known for ours if the program is killed then
    mid        TEXT NOT NULL DEFAULT ''   -- whose it is; '': of all merchants
) STRICT;

CREATE INDEX workbooks_run_idx ON workbooks (run_id, mid) WHERE run_id IS NOT NULL;
