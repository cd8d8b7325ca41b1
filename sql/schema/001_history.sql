-- What ran: units, runs, steps, files, control totals. Copies of what the run folders and generations say (files are the truth,
-- architecture 2); the database can be emptied and filled again from them.

CREATE TABLE crmx.unit (
    unit       text        PRIMARY KEY CHECK (unit ~ '^[A-Za-z0-9_]{1,16}$'),
    name       text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE crmx.unit IS 'Units of processing 一级分行: tier-1 branches and separately planned cities';
COMMENT ON COLUMN crmx.unit.unit IS 'id of units/UU.ini';
COMMENT ON COLUMN crmx.unit.name IS 'name as in units/UU.ini, e.g. 北京';
COMMENT ON COLUMN crmx.unit.changed_at IS 'when a load last brought another name';

CREATE TABLE crmx.run (
    run_id        text        PRIMARY KEY,
    unit          text        NOT NULL REFERENCES crmx.unit,
    business_date date        NOT NULL,
    generation    text,
    mode          text        NOT NULL CHECK (mode IN ('initial', 'daily', 'redo', 'rebuild')),
    state         text        NOT NULL CHECK (state IN ('running', 'stopped', 'failed', 'committed')),
    started_at    timestamptz,
    finished_at   timestamptz,
    exit_code     integer,
    message       text
);
CREATE INDEX run_by_unit ON crmx.run (unit, business_date, run_id);
COMMENT ON TABLE crmx.run IS 'Runs 批次: one attempt to bring a unit to a business date';
COMMENT ON COLUMN crmx.run.run_id IS 'UNIT/GENERATION, e.g. 11/2026-10-31.001.1 (date, sequence, attempt)';
COMMENT ON COLUMN crmx.run.business_date IS 'business date 会计日期';
COMMENT ON COLUMN crmx.run.generation IS 'the generation it committed; null when it committed none';
COMMENT ON COLUMN crmx.run.mode IS 'initial | daily | redo | rebuild';
COMMENT ON COLUMN crmx.run.state IS 'running | stopped (at a checkpoint, on request) | failed | committed';
COMMENT ON COLUMN crmx.run.started_at IS 'start of the attempt';
COMMENT ON COLUMN crmx.run.finished_at IS 'end of the attempt';
COMMENT ON COLUMN crmx.run.exit_code IS '0 ok, 2 try again, 4 warnings, 6 stopped, 8 failed, 12 nothing committed, 16 set-up';
COMMENT ON COLUMN crmx.run.message IS 'the error of a run that failed';

CREATE TABLE crmx.run_step (
    run_id      text        NOT NULL REFERENCES crmx.run ON DELETE CASCADE,
    step        smallint    NOT NULL,
    name        text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('running', 'done', 'failed', 'skipped')),
    started_at  timestamptz,
    finished_at timestamptz,
    records     bigint,
    message     text,
    PRIMARY KEY (run_id, step)
);
COMMENT ON TABLE crmx.run_step IS 'Steps 步骤 of a run';
COMMENT ON COLUMN crmx.run_step.step IS '10 arrive … 100 commit, 110 load, 120 deliver';
COMMENT ON COLUMN crmx.run_step.name IS 'name of the step';
COMMENT ON COLUMN crmx.run_step.state IS 'running | done | failed | skipped';
COMMENT ON COLUMN crmx.run_step.started_at IS 'start of the last try';
COMMENT ON COLUMN crmx.run_step.finished_at IS 'end of the last try';
COMMENT ON COLUMN crmx.run_step.records IS 'records the step has put out';
COMMENT ON COLUMN crmx.run_step.message IS 'error or remark';

CREATE TABLE crmx.run_file (
    run_id    text    NOT NULL REFERENCES crmx.run ON DELETE CASCADE,
    direction text    NOT NULL CHECK (direction IN ('input', 'output')),
    name      text    NOT NULL,
    bytes     bigint  NOT NULL CHECK (bytes >= 0),
    records   bigint  NOT NULL CHECK (records >= 0),
    accepted  bigint,
    rejected  bigint,
    filtered  bigint,
    digest    text,
    loaded_as text,
    PRIMARY KEY (run_id, direction, name)
);
COMMENT ON TABLE crmx.run_file IS 'Files a run has read and written';
COMMENT ON COLUMN crmx.run_file.direction IS 'input | output';
COMMENT ON COLUMN crmx.run_file.name IS 'input: file name; output: name of the output layout';
COMMENT ON COLUMN crmx.run_file.bytes IS 'size';
COMMENT ON COLUMN crmx.run_file.records IS 'records without header and trailer';
COMMENT ON COLUMN crmx.run_file.accepted IS 'input: accepted records';
COMMENT ON COLUMN crmx.run_file.rejected IS 'input: reject rows 错误记录';
COMMENT ON COLUMN crmx.run_file.filtered IS 'input: records kept out by the import parameters 过滤记录';
COMMENT ON COLUMN crmx.run_file.digest IS 'checksum with its kind in front, e.g. xxh3:…';
COMMENT ON COLUMN crmx.run_file.loaded_as IS 'output: CRM table it was loaded into, null when it was not';

CREATE TABLE crmx.control_total (
    run_id   text           NOT NULL REFERENCES crmx.run ON DELETE CASCADE,
    step     smallint       NOT NULL,
    name     text           NOT NULL,
    currency text           NOT NULL DEFAULT '',
    records  bigint,
    amount   numeric(38, 6),
    PRIMARY KEY (run_id, step, name, currency)
);
COMMENT ON TABLE crmx.control_total IS 'Control totals of a run: the figures of its tie-out 核对';
COMMENT ON COLUMN crmx.control_total.step IS 'the step that counted';
COMMENT ON COLUMN crmx.control_total.name IS 'what was counted, e.g. retail_account.accepted';
COMMENT ON COLUMN crmx.control_total.currency IS 'ISO code; empty for counts and for the base currency';
COMMENT ON COLUMN crmx.control_total.records IS 'how many, null when only money was summed';
COMMENT ON COLUMN crmx.control_total.amount IS 'sum in units of the currency, null when only records were counted';
