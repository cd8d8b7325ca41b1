// The night of the bench job in DuckDB: stands in duck.mjs in the place of its block DAILY (tests/bench/daily puts it there) and uses
// what that has loaded, its tables in memory, and its queries. New, changed and closed accounts, changed and new customers, other
// rates: everybody whom one of them reaches is measured and scored anew, all are selected, the six CRM files written. A customer keeps
// his primary record unless a system before its own brings one.
if (process.env.DAILY) {
    const DD = process.env.DAILY, NO = O + '/night', t1 = performance.now();
    const columns = { RTL: ['bal', 'term', 'fixed', 'cur'], CRD: ['bal', 'x', 'cur'], LON: ['bal', 'x', 'term', 'np', 'cur'], FND: ['bal'] };
    for (const s of S)
        for (const k of ['CUST', 'ACCT'])
            await q('d load ' + s + k, SQL['load ' + s + k].replaceAll(D + '/', DD + '/').replace('CREATE TABLE ' + s, 'CREATE TABLE d_' + s));
    await q('d rates', `CREATE OR REPLACE TABLE rates AS SELECT substr(line,1,3) cur, CAST(substr(line,4,9) AS BIGINT) rate FROM read_csv('${DD}/RATES',columns={line:'VARCHAR'},delim='\x01',quote='',escape='',header=false,auto_detect=false)`);
    // Customers: records of today replace those of their number, new ones stand behind all others.
    for (const [i, s] of S.entries())
        await q('d customers ' + s, `CREATE TABLE m_${s} AS SELECT c.rid, d.* FROM (SELECT rowid AS nth, * FROM d_${s}cust WHERE ok) d LEFT JOIN (SELECT rowid rid, src FROM ${s}cust WHERE ok) c ON c.src=d.src;
CREATE TABLE chc_${s} AS SELECT rid, line, chg, key FROM m_${s} WHERE rid IS NOT NULL;
UPDATE ${s}cust SET line=c.line, chg=c.chg FROM chc_${s} c WHERE ${s}cust.rowid=c.rid;
UPDATE allc SET pr=(${i}::BIGINT<<60)+((134217727-c.chg::BIGINT)<<33)+c.rid FROM chc_${s} c WHERE allc.sys=${i} AND allc.rid=c.rid;
CREATE TABLE nc_${s} AS SELECT (SELECT count(*) FROM ${s}cust)+row_number() OVER (ORDER BY nth)-1 rid, line, src, key, chg, ok FROM m_${s} WHERE rid IS NULL;
INSERT INTO ${s}cust SELECT line, src, key, chg, ok FROM nc_${s} ORDER BY rid;
INSERT INTO allc SELECT ${i}::UTINYINT, rid, src, key, (${i}::BIGINT<<60)+((134217727-chg::BIGINT)<<33)+rid FROM nc_${s}`);
    const each = (text) => S.map(text).join(' UNION ALL ');
    await q('d numbers', `CREATE TABLE nc AS ${each((s, i) => `SELECT ${i}::UTINYINT sys, rid, src, key FROM nc_${s}`)};
CREATE TABLE again AS SELECT key, min(pr) pr FROM allc SEMI JOIN (SELECT key FROM nc UNION ${S.map(s => `SELECT key FROM chc_${s}`).join(' UNION ')}) t USING(key) GROUP BY key;
INSERT INTO ic SELECT key, (SELECT max(intno) FROM ic)+row_number() OVER (ORDER BY sys, rid), sys, rid FROM (SELECT key, pr>>60 sys, pr & 8589934591 rid FROM again ANTI JOIN ic USING(key));
CREATE TABLE moved AS SELECT ic.intno, a.pr>>60 sys, a.pr & 8589934591 rid FROM ic JOIN again a USING(key) WHERE a.pr>>60<ic.sys;
UPDATE ic SET sys=m.sys, rid=m.rid FROM moved m WHERE ic.intno=m.intno;
INSERT INTO map SELECT nc.sys, nc.rid, nc.src, ic.intno, false FROM nc JOIN ic USING(key);
UPDATE map SET isprim=(map.sys=i.sys AND map.rid=i.rid) FROM (SELECT ic.* FROM ic SEMI JOIN moved USING(intno) UNION ALL SELECT ic.* FROM ic SEMI JOIN nc USING(key)) i WHERE map.intno=i.intno`);
    for (const [i, s] of S.entries()) {
        const list = columns[s], set = list.map(x => x + '=c.' + x).join(', ');
        await q('d accounts ' + s, `CREATE TABLE n_${s} AS SELECT a.rid, d.* FROM (SELECT rowid AS nth, substr(line,119,1) AS action, * FROM d_${s}acct WHERE ok) d LEFT JOIN (SELECT rowid rid, substr(line,1,22) account FROM ${s}acct WHERE ok) a ON account=substr(d.line,1,22);
CREATE TABLE ch_${s} AS SELECT rid, action='X' closed, line, ${list.join(', ')} FROM n_${s} WHERE rid IS NOT NULL;
CREATE TABLE of_${s} AS SELECT j.intno FROM ${s}j j SEMI JOIN ch_${s} c ON j.rid=c.rid;
UPDATE ${s}acct SET line=c.line, ${set} FROM ch_${s} c WHERE ${s}acct.rowid=c.rid;
UPDATE ${s}j SET ${set} FROM ch_${s} c WHERE ${s}j.rid=c.rid;
DELETE FROM ${s}j WHERE rid IN (SELECT rid FROM ch_${s} WHERE closed);
CREATE TABLE na_${s} AS SELECT (SELECT count(*) FROM ${s}acct)+row_number() OVER (ORDER BY nth)-1 rid, * EXCLUDE (rid) FROM n_${s} WHERE rid IS NULL AND action<>'X';
INSERT INTO ${s}acct SELECT * EXCLUDE (rid, nth, action) FROM na_${s} ORDER BY rid;
INSERT INTO ${s}j SELECT a.rid, m.intno, ${list.map(x => 'a.' + x).join(', ')} FROM na_${s} a JOIN map m ON m.sys=${i} AND m.src=a.src`);
    }
    // Whom the night reaches: owners of such accounts, of any in another currency, customers whose primary record is another, new ones.
    await q('d measures', `CREATE TABLE aff AS SELECT DISTINCT intno FROM (${each(s => `SELECT intno FROM of_${s} UNION ALL SELECT j.intno FROM ${s}j j SEMI JOIN na_${s} n ON j.rid=n.rid${s == 'FND' ? '' : ` UNION ALL SELECT intno FROM ${s}j WHERE cur<>'CNY'`}`)} UNION ALL SELECT intno FROM moved UNION ALL SELECT intno FROM ic ANTI JOIN meas USING(intno));
` + S.map(s => SQL['join ' + s].split(/;\s*\n/)[1].replace('CREATE TABLE ' + s + 'm', 'CREATE TABLE n_' + s + 'm').replace(' GROUP BY', ' WHERE intno IN (SELECT intno FROM aff) GROUP BY')).join(';\n') + `;
ALTER TABLE meas RENAME TO before;
` + SQL['score'].split(/;\s*\n/)[0].replace('meas AS', 'meas AS SELECT * FROM before ANTI JOIN aff USING(intno) UNION ALL').replace('FROM ic i', 'FROM (SELECT * FROM ic SEMI JOIN aff USING(intno)) i').replace(/JOIN (\w+)m (\w) USING/g, 'JOIN n_$1m $2 USING'));
    await q('d select', SQL['score'].split(/;\s*\n/).slice(1).join(';\n').replace('CREATE TABLE sel', 'CREATE OR REPLACE TABLE sel'));
    (await import('fs')).mkdirSync(NO);
    for (const f of ['CUST', 'CONT', ...S])
        await q('d out CRM' + f, SQL['out CRM' + f].replace('CREATE TABLE', 'CREATE OR REPLACE TABLE').replace(`'${O}/`, `'${NO}/`));
    const e = performance.now() - t1;
    console.error('DAILY duckdb integrated', (await one('SELECT count(*) FROM ic'))[0][0], 'selected', (await one('SELECT count(*) FROM sel'))[0][0], 'score.all', (await one('SELECT sum(score)::VARCHAR FROM meas'))[0][0], 'score.selected', (await one('SELECT sum(score)::VARCHAR FROM sel'))[0][0], e.toFixed(0), 'ms');
}
