-- The tables of version 1.0.0 in SQLite, on which every migration must build.
-- A change to store/tables.py needs a migration, never a change here. Until 1.0.0 is released there
-- is no such database: then `who-to-call db upgrade` and `sqlite3 instance/routing.sqlite .schema` show
-- what belongs here.
CREATE TABLE accounts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	name TEXT NOT NULL,
	roles TEXT NOT NULL,
	password_hash TEXT,
	added_at DATETIME NOT NULL,
	removed_at DATETIME,
	signed_in_at DATETIME
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE alerts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	recipient TEXT NOT NULL,
	dedupe_key TEXT NOT NULL,
	kind TEXT NOT NULL,
	text TEXT NOT NULL,
	noticed_at DATETIME NOT NULL,
	last_due_at DATETIME NOT NULL,
	sent_at DATETIME,
	CONSTRAINT uq_alerts_recipient_dedupe_key UNIQUE (recipient, dedupe_key)
);
CREATE TABLE audit_log (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at DATETIME NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	entity TEXT NOT NULL,
	"before" JSON,
	"after" JSON
);
CREATE TABLE bank_holiday_lists (
	url TEXT NOT NULL PRIMARY KEY,
	checked_at DATETIME NOT NULL,
	content TEXT NOT NULL
);
CREATE TABLE calendars (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	token_sha256 TEXT NOT NULL,
	rota_person_id INTEGER,
	account_id INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	revoked_at DATETIME,
	CONSTRAINT uq_calendars_token_sha256 UNIQUE (token_sha256),
	FOREIGN KEY(rota_person_id) REFERENCES rota_people (id),
	FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE calls (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	sid_sha256 TEXT NOT NULL,
	service TEXT NOT NULL,
	line TEXT NOT NULL,
	reason TEXT NOT NULL,
	began_at DATETIME NOT NULL,
	ended_at DATETIME,
	outcome TEXT,
	answered_by TEXT,
	CONSTRAINT uq_calls_sid_sha256 UNIQUE (sid_sha256)
);
CREATE TABLE counters (
	hour DATETIME NOT NULL,
	name TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (hour, name)
);
CREATE TABLE covers (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	shift_id INTEGER NOT NULL,
	rota_person_id INTEGER,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	note TEXT NOT NULL,
	created_by_change_id INTEGER NOT NULL,
	cancelled_by_change_id INTEGER,
	CONSTRAINT cover_ends_after_it_starts CHECK (starts_at < ends_at),
	FOREIGN KEY(shift_id) REFERENCES shifts (id),
	FOREIGN KEY(rota_person_id) REFERENCES rota_people (id),
	FOREIGN KEY(created_by_change_id) REFERENCES rota_changes (id),
	FOREIGN KEY(cancelled_by_change_id) REFERENCES rota_changes (id)
);
CREATE TABLE diverts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	service TEXT NOT NULL,
	line TEXT NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	note TEXT NOT NULL,
	set_at DATETIME NOT NULL,
	set_by TEXT NOT NULL,
	idempotency_key TEXT,
	avoid TEXT,
	CONSTRAINT divert_ends_after_it_starts CHECK (starts_at <= ends_at),
	CONSTRAINT uq_diverts_idempotency_key UNIQUE (idempotency_key)
);
CREATE TABLE jobs (
	name TEXT NOT NULL PRIMARY KEY,
	owner TEXT,
	locked_until DATETIME NOT NULL,
	due_at DATETIME,
	ran_at DATETIME,
	failing_since DATETIME,
	fault TEXT
);
CREATE TABLE legs (
	call_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	line TEXT NOT NULL,
	rung_at DATETIME NOT NULL,
	accepted_at DATETIME,
	outcome TEXT,
	ring_seconds INTEGER,
	talk_seconds INTEGER,
	PRIMARY KEY (call_id, position),
	FOREIGN KEY(call_id) REFERENCES calls (id)
);
CREATE TABLE rota_changes (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	made_at DATETIME NOT NULL,
	made_by TEXT NOT NULL,
	idempotency_key TEXT,
	undone_by_change_id INTEGER,
	summary TEXT NOT NULL,
	sheet_name TEXT,
	sheet_role_ids TEXT,
	sheet_starts_at DATETIME,
	sheet_ends_at DATETIME,
	CONSTRAINT uq_rota_changes_idempotency_key UNIQUE (idempotency_key),
	FOREIGN KEY(undone_by_change_id) REFERENCES rota_changes (id)
);
CREATE TABLE rota_people (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	phone TEXT,
	account_id INTEGER,
	archived_as_id INTEGER,
	added_by_change_id INTEGER,
	idempotency_key TEXT,
	added_at DATETIME NOT NULL,
	left_at DATETIME,
	anonymised_at DATETIME,
	FOREIGN KEY(account_id) REFERENCES accounts (id),
	FOREIGN KEY(archived_as_id) REFERENCES rota_people (id),
	FOREIGN KEY(added_by_change_id) REFERENCES rota_changes (id)
);
CREATE TABLE shifts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	duty_role TEXT NOT NULL,
	rota_person_id INTEGER NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	created_by_change_id INTEGER NOT NULL,
	cancelled_by_change_id INTEGER,
	sequence INTEGER NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT shift_ends_after_it_starts CHECK (starts_at < ends_at),
	FOREIGN KEY(rota_person_id) REFERENCES rota_people (id),
	FOREIGN KEY(created_by_change_id) REFERENCES rota_changes (id),
	FOREIGN KEY(cancelled_by_change_id) REFERENCES rota_changes (id)
);
CREATE TABLE sign_in_failures (
	id INTEGER NOT NULL,
	name_sha256 TEXT NOT NULL,
	at DATETIME NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE tokens (
	token_sha256 TEXT NOT NULL,
	kind TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	ends_at DATETIME NOT NULL,
	PRIMARY KEY (token_sha256),
	FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE unneeded_steps (
	step TEXT NOT NULL,
	PRIMARY KEY (step)
);
CREATE UNIQUE INDEX ix_accounts_issuer_subject ON accounts (issuer, subject) WHERE removed_at IS NULL;
CREATE INDEX ix_audit_log_entity_id ON audit_log (entity, id);
CREATE INDEX ix_calls_began_at ON calls (began_at);
CREATE INDEX ix_covers_cancelled_by_change_id ON covers (cancelled_by_change_id);
CREATE INDEX ix_covers_created_by_change_id ON covers (created_by_change_id);
CREATE INDEX ix_covers_ends_at ON covers (ends_at);
CREATE INDEX ix_covers_rota_person_id ON covers (rota_person_id);
CREATE INDEX ix_covers_shift_id ON covers (shift_id);
CREATE INDEX ix_diverts_ends_at ON diverts (ends_at);
CREATE INDEX ix_rota_changes_sheet_name ON rota_changes (sheet_name);
CREATE INDEX ix_rota_changes_undone_by_change_id ON rota_changes (undone_by_change_id);
CREATE UNIQUE INDEX ix_rota_people_account_id ON rota_people (account_id) WHERE left_at IS NULL;
CREATE INDEX ix_rota_people_added_by_change_id ON rota_people (added_by_change_id);
CREATE UNIQUE INDEX ix_rota_people_name_key ON rota_people (name_key) WHERE left_at IS NULL;
CREATE INDEX ix_shifts_cancelled_by_change_id ON shifts (cancelled_by_change_id);
CREATE INDEX ix_shifts_created_by_change_id ON shifts (created_by_change_id);
CREATE INDEX ix_shifts_ends_at ON shifts (ends_at);
CREATE INDEX ix_shifts_rota_person_id_ends_at ON shifts (rota_person_id, ends_at);
CREATE INDEX ix_sign_in_failures_at ON sign_in_failures (at);
CREATE INDEX ix_sign_in_failures_name_sha256 ON sign_in_failures (name_sha256);
CREATE INDEX ix_tokens_account_id ON tokens (account_id);
CREATE INDEX ix_tokens_created_by ON tokens (created_by);
CREATE INDEX ix_tokens_ends_at ON tokens (ends_at);
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER shifts_no_overlap_insert BEFORE INSERT ON shifts WHEN NEW.cancelled_by_change_id IS NULL AND EXISTS (SELECT 1 FROM shifts WHERE id IS NOT NEW.id AND duty_role = NEW.duty_role AND rota_person_id = NEW.rota_person_id AND cancelled_by_change_id IS NULL AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at AND ends_at < date(NEW.ends_at, '+9 days')) BEGIN SELECT RAISE(ABORT, 'shifts_no_overlap'); END;
CREATE TRIGGER shifts_no_overlap_update BEFORE UPDATE ON shifts WHEN NEW.cancelled_by_change_id IS NULL AND EXISTS (SELECT 1 FROM shifts WHERE id IS NOT NEW.id AND duty_role = NEW.duty_role AND rota_person_id = NEW.rota_person_id AND cancelled_by_change_id IS NULL AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at AND ends_at < date(NEW.ends_at, '+9 days')) BEGIN SELECT RAISE(ABORT, 'shifts_no_overlap'); END;
INSERT INTO alembic_version VALUES ('0001');
