package store

import (
	"context"
	"fmt"
	"regexp"

	"github.com/umsrecon/umsrecon"
)

// migration leads from a schema to the next: what has to be changed before what
// is new is taken from schema.sql itself, and after; and what files and servers
// want before that, each in its own words.
type migration struct{ before, after, files, server string }

// migrations by the number of the schema that they start from.
var migrations = map[int]migration{
	1: {
		before: `
ALTER TABLE cases ADD COLUMN notice_id INTEGER REFERENCES notices;
ALTER TABLE cases ADD COLUMN reviewed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN mid TEXT;
ALTER TABLE cases ADD COLUMN covers INTEGER NOT NULL DEFAULT 0 CHECK (covers >= 0);
ALTER TABLE notes RENAME TO notes_1;
ALTER TABLE loads ADD COLUMN kind TEXT NOT NULL DEFAULT 'ledger' CHECK (kind IN ('ledger', 'statement'));
ALTER TABLE loads ADD COLUMN reading TEXT NOT NULL DEFAULT '';
ALTER TABLE loads ADD COLUMN judged_run_id TEXT REFERENCES runs;
ALTER TABLE runs ADD COLUMN publication INTEGER;`,
		after: `
INSERT INTO notes SELECT * FROM notes_1;
DROP TABLE notes_1;
UPDATE runs SET publication = (SELECT count(*) FROM runs AS r WHERE r.summary IS NOT NULL AND (r.ended_at, r.run_id) <= (runs.ended_at, runs.run_id))
WHERE summary IS NOT NULL;`,
	},
	2: {
		before: `
DROP INDEX orders_scope_idx;
ALTER TABLE runs ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1));
ALTER TABLE workbooks ADD COLUMN intended_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE bad_rows ADD COLUMN mid TEXT NOT NULL DEFAULT '';
ALTER TABLE bad_rows ADD COLUMN kind TEXT NOT NULL DEFAULT '' CHECK (kind IN ('', 'payment', 'refund'));
ALTER TABLE bad_rows ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE bad_rows ADD COLUMN mer_order_id TEXT NOT NULL DEFAULT '';
ALTER TABLE bad_rows ADD COLUMN order_id INTEGER REFERENCES orders;`,
	},
	3: {
		before: `
ALTER TABLE orders ADD COLUMN gone_load_id INTEGER REFERENCES loads;
ALTER TABLE runs ADD COLUMN requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workbooks ADD COLUMN mid TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS orders_load_idx;`,
		after: `
UPDATE orders SET gone_load_id = load_id WHERE load_id < (SELECT max(load_id) FROM loads AS l WHERE l.scope = orders.scope AND l.rows > 0);`,
	},
	4: {
		files: noReference("INTEGER", "answers"),
		server: `
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_answer_id_fkey, DROP CONSTRAINT IF EXISTS orders_last_answer_id_fkey;`,
	},
	5: {
		files: noReference("TEXT", "runs"),
		server: `
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_judged_run_id_fkey;`,
	},
}

// noReference takes references of orders away, which are no more than words in
// the schema: no row changes by it. SQLite documents this way, under ALTER TABLE.
func noReference(of, to string) string {
	return `
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' ` + of + ` REFERENCES ` + to + `,', ' ` + of + `,') WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;`
}

var creates = regexp.MustCompile(`(?m)^CREATE (UNIQUE INDEX|INDEX|TABLE|TRIGGER) `)

// migrate brings an older database up to schema.sql, in one transaction, after
// a copy of it is on the disk.
func (db *DB) migrate(ctx context.Context, found int) error {
	if found == version {
		return nil
	}
	if err := db.keepPrior(ctx, found); err != nil {
		return err
	}
	err := db.write(ctx, func(t *tx) error {
		// Another process may have been here meanwhile.
		if err := t.row("PRAGMA user_version").Scan(&found); err != nil {
			return err
		}
		whatIsNew := creates.ReplaceAllString(umsrecon.Schema, "CREATE $1 IF NOT EXISTS ")
		before, after := steps(found, migration.ofFiles)
		_, err := t.ExecContext(ctx, before+whatIsNew+after+fmt.Sprintf("PRAGMA user_version = %d;", version))
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate schema %d to %d: %w", found, version, err)
	}
	return nil
}

// steps are what leads from a schema to this one, before and after what is new.
func steps(found int, own func(migration) string) (before, after string) {
	for from := found; from < version; from++ {
		m := migrations[from]
		before, after = before+m.before+own(m), after+m.after
	}
	return before, after
}

func (m migration) ofFiles() string { return m.files }

func (m migration) ofServers() string { return m.server }
