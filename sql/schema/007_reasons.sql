-- Reason codes of a CRM customer: columns for reason.1 to reason.3 of the output layout (docs/formats.md). A bank that added columns of these
-- names for its own layout (crmx.add_column) keeps them as they are.

ALTER TABLE crmx_store.crm_customer
    ADD COLUMN IF NOT EXISTS reason_1 text,
    ADD COLUMN IF NOT EXISTS reason_2 text,
    ADD COLUMN IF NOT EXISTS reason_3 text;
COMMENT ON COLUMN crmx_store.crm_customer.reason_1 IS 'the term of the formula that adds most to the score, by its first measure; null: no term adds anything';
COMMENT ON COLUMN crmx_store.crm_customer.reason_2 IS 'the term that adds second most';
COMMENT ON COLUMN crmx_store.crm_customer.reason_3 IS 'the term that adds third most';
SELECT crmx_store.reader_view('crm_customer');
