-- View of the delivery ledger. The truth is the ledger file of the unit (architecture 7); step 120 copies its rows here.

CREATE TABLE crmx.delivery (
    target        text        NOT NULL,
    unit          text        NOT NULL REFERENCES crmx.unit,
    business_date date        NOT NULL,
    seq           integer     NOT NULL CHECK (seq > 0),
    generation    text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('full', 'delta')),
    state         text        NOT NULL CHECK (state IN ('PREPARED', 'UPLOADED', 'COMMITTING', 'DELIVERED', 'UNKNOWN', 'ACKED')),
    files         integer     NOT NULL CHECK (files >= 0),
    records       bigint      NOT NULL CHECK (records >= 0),
    bytes         bigint      NOT NULL CHECK (bytes >= 0),
    sha256        text,
    changed_at    timestamptz NOT NULL,
    message       text,
    PRIMARY KEY (target, unit, business_date, seq)
);
CREATE INDEX delivery_by_unit ON crmx.delivery (unit, business_date);
COMMENT ON TABLE crmx.delivery IS 'Deliveries 下传 to CRM data servers: one row per set';
COMMENT ON COLUMN crmx.delivery.target IS 'target of units/UU.ini';
COMMENT ON COLUMN crmx.delivery.seq IS 'sequence number of the set within its business date';
COMMENT ON COLUMN crmx.delivery.generation IS 'the generation that was delivered';
COMMENT ON COLUMN crmx.delivery.kind IS 'full | delta';
COMMENT ON COLUMN crmx.delivery.state IS 'PREPARED → UPLOADED → COMMITTING → DELIVERED → ACKED; UNKNOWN waits for a person';
COMMENT ON COLUMN crmx.delivery.files IS 'files of the set without its manifest';
COMMENT ON COLUMN crmx.delivery.records IS 'records of the set';
COMMENT ON COLUMN crmx.delivery.bytes IS 'bytes of the set';
COMMENT ON COLUMN crmx.delivery.sha256 IS 'SHA-256 of the manifest';
COMMENT ON COLUMN crmx.delivery.changed_at IS 'when the state was reached';
COMMENT ON COLUMN crmx.delivery.message IS 'the last error';

CREATE VIEW crmx.delivery_open AS
SELECT * FROM crmx.delivery WHERE state NOT IN ('DELIVERED', 'ACKED');
COMMENT ON VIEW crmx.delivery_open IS 'Deliveries that are not done';
