-- CRM records 下传记录 of the applied generation of every unit.
--
--     crmx_store.crm_deposit                    parent, LIST (unit): never holds rows itself
--       crmx_store.crm_deposit_11               a unit, LIST (load_no)
--         crmx_store.crm_deposit_11_57          the rows of load 57: filled detached, attached when complete, never changed
--     crmx.applied_generation                   unit 11 → load 57, generation 2026-10-31.001.1
--     crmx.crm_deposit                          the view people read: rows of the applied load only
--
-- A load becomes visible by its row in applied_generation: one transaction for all tables of the unit, and by the rules of
-- snapshots an older snapshot goes on reading the load it began with. The replaced load's tables are dropped when the next
-- load begins: no reader is ever waited for, and at most two loads of a unit lie on the disk, as many as a swap needs anyway.

CREATE SCHEMA crmx_store;
COMMENT ON SCHEMA crmx_store IS 'Storage of the CRM records by unit and load. Read the views of schema crmx instead: only they show whole generations';

CREATE SEQUENCE crmx_store.load_number;
COMMENT ON SEQUENCE crmx_store.load_number IS 'Number of a load; numbers of killed loads are never used again';

CREATE TABLE crmx.load (
    load_no       bigint      PRIMARY KEY,
    unit          text        NOT NULL REFERENCES crmx.unit,
    generation    text        NOT NULL,
    business_date date        NOT NULL,
    run_id        text        NOT NULL REFERENCES crmx.run,
    mode          text        NOT NULL CHECK (mode IN ('initial', 'rebuild')),
    records       bigint      NOT NULL,
    bytes         bigint      NOT NULL,
    replaced      bigint      NOT NULL,
    duration_ms   bigint      NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX load_by_unit ON crmx.load (unit, load_no);
COMMENT ON TABLE crmx.load IS 'Completed loads (step 110): one row per generation brought into this database';
COMMENT ON COLUMN crmx.load.load_no IS 'number of the load, ascending';
COMMENT ON COLUMN crmx.load.generation IS 'date.sequence.attempt';
COMMENT ON COLUMN crmx.load.run_id IS 'the run that made the generation';
COMMENT ON COLUMN crmx.load.mode IS 'initial (whole generation) | rebuild (again from the files)';
COMMENT ON COLUMN crmx.load.records IS 'rows in all tables';
COMMENT ON COLUMN crmx.load.bytes IS 'bytes of the export files';
COMMENT ON COLUMN crmx.load.replaced IS 'malformed characters shown as U+FFFD; the files keep the bytes';
COMMENT ON COLUMN crmx.load.duration_ms IS 'time from the first look to the commit';

CREATE TABLE crmx.applied_generation (
    unit          text        PRIMARY KEY REFERENCES crmx.unit,
    load_no       bigint      NOT NULL UNIQUE REFERENCES crmx.load,
    generation    text        NOT NULL,
    business_date date        NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE crmx.applied_generation IS 'The generation each unit shows: the loader''s applied-through mark, set in the transaction that makes the rows visible';
COMMENT ON COLUMN crmx.applied_generation.load_no IS 'the load whose rows are shown';
COMMENT ON COLUMN crmx.applied_generation.generation IS 'date.sequence.attempt, e.g. 2026-10-31.001.1';
COMMENT ON COLUMN crmx.applied_generation.business_date IS 'business date of the generation';

-- Columns in the order of their alignment (8 bytes, 4 bytes, variable): no padding. unit and load_no are defaults of the
-- leaf and do not travel through COPY. Everything but the key may be null: which fields a bank exports is configuration.
-- Money of an account has three decimals, for currencies with a third (KWD, BHD); converted money is yuan with two.

CREATE TABLE crmx_store.crm_customer (
    number          bigint NOT NULL,
    load_no         bigint NOT NULL,
    fixed_cny_term  bigint,
    fixed_fx_term   bigint,
    loan_term       bigint,
    overdue_periods bigint,
    position        bigint,
    birth           date,
    opened          date,
    changed         date,
    entry_date      date,
    unit            text   NOT NULL,
    customer_type   text,
    id_type         text,
    id_key          text,
    name            text,
    sex             text,
    phone           text,
    mobile          text,
    email           text,
    address         text,
    zip             text,
    branch          text,
    manager         text,
    system          text,
    source_no       text,
    score           numeric(20, 2),
    tier            text,
    demand_cny      numeric(20, 2),
    demand_fx       numeric(20, 2),
    fixed_cny       numeric(20, 2),
    fixed_fx        numeric(20, 2),
    fixed_fx_bt     numeric(20, 2),
    card_cny        numeric(20, 2),
    card_fx         numeric(20, 2),
    overdraft       numeric(20, 2),
    loan_balance    numeric(20, 2),
    overdue         numeric(20, 2),
    fund_balance    numeric(20, 2),
    layout          text,
    file            text,
    record          text
) PARTITION BY LIST (unit);
CREATE UNIQUE INDEX crm_customer_number ON crmx_store.crm_customer (number, unit, load_no);
CREATE INDEX crm_customer_id_key ON crmx_store.crm_customer (id_key);
CREATE INDEX crm_customer_source ON crmx_store.crm_customer (source_no);
COMMENT ON TABLE crmx_store.crm_customer IS 'CRM customers: the primary record of each selected customer, score, measures of the standard formula';

CREATE TABLE crmx_store.crm_contact (
    number    bigint NOT NULL,
    load_no   bigint NOT NULL,
    position  bigint,
    birth     date,
    changed   date,
    unit      text   NOT NULL,
    system    text,
    source_no text,
    kind      text,
    id_type   text,
    id_key    text,
    name      text,
    sex       text,
    phone     text,
    mobile    text,
    email     text,
    address   text,
    zip       text,
    branch    text,
    layout    text,
    file      text,
    record    text
) PARTITION BY LIST (unit);
CREATE INDEX crm_contact_number ON crmx_store.crm_contact (number);
COMMENT ON TABLE crmx_store.crm_contact IS 'Contacts 联系人: the customer records of other systems, and the systems'' own contacts';

CREATE TABLE crmx_store.crm_address (
    number    bigint NOT NULL,
    load_no   bigint NOT NULL,
    position  bigint,
    changed   date,
    unit      text   NOT NULL,
    system    text,
    source_no text,
    kind      text,
    address   text,
    zip       text,
    country   text,
    phone     text,
    layout    text,
    file      text,
    record    text
) PARTITION BY LIST (unit);
CREATE INDEX crm_address_number ON crmx_store.crm_address (number);
COMMENT ON TABLE crmx_store.crm_address IS 'Addresses of CRM customers';

CREATE TABLE crmx_store.crm_deposit (
    number      bigint NOT NULL,
    load_no     bigint NOT NULL,
    position    bigint,
    term        integer,
    opened      date,
    maturity    date,
    closed      date,
    unit        text   NOT NULL,
    system      text,
    source_no   text,
    account     text,
    sub_account text,
    currency    text,
    cash_flag   text,
    kind        text,
    balance     numeric(21, 3),
    rate        numeric(18, 6),
    owner_role  text,
    share       numeric(9, 6),
    branch      text,
    status      text,
    layout      text,
    file        text,
    record      text
) PARTITION BY LIST (unit);
CREATE INDEX crm_deposit_number ON crmx_store.crm_deposit (number);
CREATE INDEX crm_deposit_account ON crmx_store.crm_deposit (account);
COMMENT ON TABLE crmx_store.crm_deposit IS 'Deposit accounts of CRM customers';

CREATE TABLE crmx_store.crm_loan (
    number          bigint NOT NULL,
    load_no         bigint NOT NULL,
    position        bigint,
    term            integer,
    overdue_periods integer,
    opened          date,
    maturity        date,
    closed          date,
    unit            text   NOT NULL,
    system          text,
    source_no       text,
    account         text,
    sub_account     text,
    currency        text,
    kind            text,
    balance         numeric(21, 3),
    overdue_balance numeric(21, 3),
    rate            numeric(18, 6),
    owner_role      text,
    share           numeric(9, 6),
    branch          text,
    status          text,
    layout          text,
    file            text,
    record          text
) PARTITION BY LIST (unit);
CREATE INDEX crm_loan_number ON crmx_store.crm_loan (number);
CREATE INDEX crm_loan_account ON crmx_store.crm_loan (account);
COMMENT ON TABLE crmx_store.crm_loan IS 'Loan accounts of CRM customers';

CREATE TABLE crmx_store.crm_card (
    number       bigint NOT NULL,
    load_no      bigint NOT NULL,
    position     bigint,
    opened       date,
    expires      date,
    closed       date,
    unit         text   NOT NULL,
    system       text,
    source_no    text,
    account      text,
    sub_account  text,
    currency     text,
    kind         text,
    balance      numeric(21, 3),
    overdraft    numeric(21, 3),
    credit_limit numeric(21, 3),
    owner_role   text,
    branch       text,
    status       text,
    layout       text,
    file         text,
    record       text
) PARTITION BY LIST (unit);
CREATE INDEX crm_card_number ON crmx_store.crm_card (number);
CREATE INDEX crm_card_account ON crmx_store.crm_card (account);
COMMENT ON TABLE crmx_store.crm_card IS 'Credit card accounts of CRM customers';

CREATE TABLE crmx_store.crm_investment (
    number      bigint NOT NULL,
    load_no     bigint NOT NULL,
    position    bigint,
    nav_date    date,
    opened      date,
    closed      date,
    unit        text   NOT NULL,
    system      text,
    source_no   text,
    account     text,
    sub_account text,
    fund        text,
    currency    text,
    shares      numeric(20, 4),
    nav         numeric(18, 6),
    balance     numeric(21, 3),
    owner_role  text,
    branch      text,
    status      text,
    layout      text,
    file        text,
    record      text
) PARTITION BY LIST (unit);
CREATE INDEX crm_investment_number ON crmx_store.crm_investment (number);
CREATE INDEX crm_investment_account ON crmx_store.crm_investment (account);
COMMENT ON TABLE crmx_store.crm_investment IS 'Fund and other investment holdings of CRM customers';

CREATE TABLE crmx_store.crm_value_added (
    number                    bigint NOT NULL,
    load_no                   bigint NOT NULL,
    unit                      text   NOT NULL,
    total_assets              numeric(20, 2),
    total_liabilities         numeric(20, 2),
    average_daily_balance     numeric(20, 2),
    contribution              numeric(20, 2),
    contribution_deposit      numeric(20, 2),
    contribution_loan         numeric(20, 2),
    contribution_intermediary numeric(20, 2),
    loyalty                   numeric(20, 2),
    tier                      text,
    life_cycle                text,
    segment                   text
) PARTITION BY LIST (unit);
CREATE UNIQUE INDEX crm_value_added_number ON crmx_store.crm_value_added (number, unit, load_no);
COMMENT ON TABLE crmx_store.crm_value_added IS 'Value-added information 增值信息: derived figures of CRM customers';

-- A column means the same in every table that has it: one comment each.
DO $comments$
DECLARE
    meaning text[];
    relation text;
BEGIN
    FOREACH meaning SLICE 1 IN ARRAY ARRAY[
        ['number', 'integrated customer number 综合客户号'],
        ['load_no', 'the load that brought the row (crmx.load)'],
        ['unit', 'unit 一级分行'],
        ['system', 'letter of the business system the record comes from'],
        ['source_no', 'customer number in that system'],
        ['layout', 'input layout of the source record'],
        ['file', 'input file of the source record'],
        ['position', 'record number in that file, from 1'],
        ['record', 'the source record as text, trailing blanks cut'],
        ['customer_type', 'P personal 个人, C corporate 公司'],
        ['id_type', 'type of the identity document'],
        ['id_key', 'normalised identity number'],
        ['name', 'name'],
        ['sex', 'sex, as in the source'],
        ['birth', 'date of birth'],
        ['phone', 'telephone'],
        ['mobile', 'mobile telephone'],
        ['email', 'e-mail address'],
        ['address', 'postal address'],
        ['zip', 'postal code'],
        ['country', 'country'],
        ['branch', 'branch 归属行: customers of the primary record, accounts of the account'],
        ['manager', 'relationship manager 客户经理'],
        ['kind', 'kind of the account, contact or address, as in the source (deposit: D demand, F fixed)'],
        ['opened', 'day of opening'],
        ['changed', 'day of the latest change in the source'],
        ['closed', 'day of closing'],
        ['expires', 'day on which the card expires'],
        ['entry_date', 'business date on which the customer was first selected 入选'],
        ['score', 'result of the scoring formula, yuan'],
        ['tier', 'customer tier 客户等级'],
        ['demand_cny', 'measure 活期人民币存款'],
        ['demand_fx', 'measure 活期外币存款, converted'],
        ['fixed_cny', 'measure 定期人民币存款'],
        ['fixed_fx', 'measure 定期外币存款, converted'],
        ['fixed_cny_term', 'measure 定期本币存款存期, sum of months'],
        ['fixed_fx_term', 'measure 定期外币存款存期, sum of months'],
        ['fixed_fx_bt', 'measure 定期外币存款*存期 by account, yuan times months'],
        ['card_cny', 'measure 信用卡人民币余额'],
        ['card_fx', 'measure 信用卡外币余额, converted'],
        ['overdraft', 'customers: measure 信用卡存款透支额; cards: overdraft of the account'],
        ['loan_balance', 'measure 个人贷款余额'],
        ['loan_term', 'measure 个人贷款期限, sum of months'],
        ['overdue', 'measure 逾期个人贷款余额'],
        ['overdue_periods', 'instalments in arrears 拖欠期数'],
        ['fund_balance', 'measure 开放式基金余额'],
        ['account', 'account number'],
        ['sub_account', 'sub-account'],
        ['currency', 'ISO code of the account''s currency'],
        ['cash_flag', 'cash 现钞 or spot 现汇'],
        ['balance', 'balance 余额 at the business date, in the account''s currency'],
        ['overdue_balance', 'overdue part of the loan, in the account''s currency'],
        ['credit_limit', 'credit limit, in the account''s currency'],
        ['rate', 'interest rate of the account, as in the source'],
        ['term', 'term 存期 in months, 0 or null for none'],
        ['maturity', 'day of maturity, null for none'],
        ['owner_role', 'role of the customer on the account'],
        ['share', 'the customer''s share of a joint account'],
        ['status', 'status of the account, as in the source'],
        ['fund', 'fund code'],
        ['shares', 'fund shares 份额'],
        ['nav', 'net asset value 单位净值'],
        ['nav_date', 'day of the net asset value'],
        ['total_assets', 'assets of the customer, yuan'],
        ['total_liabilities', 'liabilities of the customer, yuan'],
        ['average_daily_balance', 'average daily balance 日均余额, yuan'],
        ['contribution', 'contribution 贡献度: deposits, loans and intermediary business'],
        ['contribution_deposit', 'contribution by deposits'],
        ['contribution_loan', 'contribution by loans'],
        ['contribution_intermediary', 'contribution by intermediary business 中间业务'],
        ['loyalty', 'loyalty 忠诚度'],
        ['life_cycle', 'stage in the customer''s life cycle'],
        ['segment', 'segment']]
    LOOP
        FOR relation IN
            SELECT c.relname
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'p' AND a.attname = meaning[1]
        LOOP
            EXECUTE pg_catalog.format('COMMENT ON COLUMN crmx_store.%I.%I IS %L', relation, meaning[1], meaning[2]);
        END LOOP;
    END LOOP;
END
$comments$;

CREATE FUNCTION crmx_store.reader_view(relation text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    columns text;
    comment record;
BEGIN
    SELECT string_agg(format('s.%I', attname), ', ' ORDER BY attnum) INTO STRICT columns
    FROM pg_attribute
    WHERE attrelid = format('crmx_store.%I', relation)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'load_no';
    EXECUTE format('CREATE OR REPLACE VIEW crmx.%1$I AS SELECT a.business_date, a.generation, %2$s'
                   ' FROM crmx.applied_generation a'
                   ' JOIN crmx_store.%1$I s ON s.unit = a.unit AND s.load_no = a.load_no', relation, columns);
    EXECUTE format('COMMENT ON VIEW crmx.%I IS %L', relation,
                   obj_description(format('crmx_store.%I', relation)::regclass, 'pg_class'));
    FOR comment IN
        SELECT attname, col_description(attrelid, attnum) AS meaning
        FROM pg_attribute
        WHERE attrelid = format('crmx_store.%I', relation)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'load_no'
    LOOP
        EXECUTE format('COMMENT ON COLUMN crmx.%I.%I IS %L', relation, comment.attname, comment.meaning);
    END LOOP;
END
$body$;
COMMENT ON FUNCTION crmx_store.reader_view(text) IS 'Makes the view crmx.RELATION over crmx_store.RELATION anew, with all its columns';

CREATE FUNCTION crmx.add_column(relation text, name text, type text, meaning text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'crmx_store'::regnamespace AND relkind = 'p'
                                           AND NOT relispartition AND relname = relation) THEN
        RAISE EXCEPTION '"%" is no CRM table', relation USING HINT = 'see: SELECT relation FROM crmx.crm_table';
    END IF;
    PERFORM type::regtype; -- a type and nothing else; the cast itself would lose the precision of numeric(20,2)
    EXECUTE format('ALTER TABLE crmx_store.%I ADD COLUMN %I %s', relation, name, type);
    EXECUTE format('COMMENT ON COLUMN crmx_store.%I.%I IS %L', relation, name, meaning);
    PERFORM crmx_store.reader_view(relation);
END
$body$;
COMMENT ON FUNCTION crmx.add_column(text, text, text, text) IS
    'Adds a column to a CRM table and its view, for fields of a bank''s own outputs: SELECT crmx.add_column(''crm_customer'', ''gold_balance'', ''numeric'', ''meaning'')';

SELECT crmx_store.reader_view(c.relname)
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'p' AND NOT c.relispartition
ORDER BY c.relname;

CREATE VIEW crmx.crm_table AS
SELECT c.relname::text AS relation, pg_catalog.obj_description(c.oid, 'pg_class') AS meaning
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'p' AND NOT c.relispartition;
COMMENT ON VIEW crmx.crm_table IS 'The CRM tables, each a view of schema crmx';

CREATE VIEW crmx.unit_status AS
SELECT u.unit, u.name, a.business_date, a.generation, a.applied_at, l.records, l.load_no
FROM crmx.unit u LEFT JOIN crmx.applied_generation a USING (unit) LEFT JOIN crmx.load l USING (load_no);
COMMENT ON VIEW crmx.unit_status IS 'What each unit shows; business_date is null while nothing was loaded';
