SELECT pg_catalog.nextval('crmx_store.load_number')
