/* Every message an analyst can get, word for word, with its place and its hint. */
#include "tests/scoring/fixture.h"

#include "base/buf.h"

#include <string.h>

struct error_case {
    const char *text;
    const char *message; /* behind "t.formula:" */
    const char *hint;    /* "": none */
};

/* Whatever stage refuses it: parsing, the measures, the score. */
static bool run(const char *text, struct status *st)
{
    struct formula *f;
    struct measure_set *set = NULL;
    struct formula_program *p = NULL;
    if (!formula_parse("t.formula", view_of(text), &f, st)) return false;
    bool ok = measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &set, st) && formula_bind(f, &FIXTURE_SCHEMA, &p, st);
    formula_program_free(p);
    measure_set_free(set);
    formula_free(f);
    return ok;
}

static void check(const char *prefix, const struct error_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct status st = {0};
        char text[2000], message[STATUS_MESSAGE_MAX];
        snprintf(text, sizeof text, "%s%s", prefix, cases[i].text);
        snprintf(message, sizeof message, "t.formula:%s", cases[i].message);
        bool ok = run(text, &st);
        if (ok) print_error("accepted: %s\n", text);
        assert_false(ok);
        if (strcmp(st.message, message) != 0 || strcmp(st.hint, cases[i].hint) != 0)
            print_error("text:  %s\nfound: %s\n       %s\n", text, st.message, st.hint);
        assert_string_equal(st.message, message);
        assert_string_equal(st.hint, cases[i].hint);
        assert_int_equal(st.code, STATUS_USAGE);
    }
}
#define CHECK(prefix, cases) check(prefix, cases, sizeof cases / sizeof cases[0])

static const struct error_case LEXER[] = {
    {"score = 1 $ 2;", "1:11: unexpected character \"$\"", ""},
    {"# 注释\nscore = 活期 ？ 2;", "2:12: unexpected character \"？\"", "choose with if(condition, a, b)"},
    {"score = \xb0\xa1;", "1:9: the text is not UTF-8 (byte 0xB0)", "convert it: iconv -f GB18030 -t UTF-8 t.formula"},
    {"score = a ^ 2;", "1:11: unexpected character \"^\"", "write a power as a product: x*x"},
    {"score = a ** 2;", "1:11: unexpected character \"**\"", "write a power as a product: x*x"},
    {"score = if(存款 == 2, 1, 2);", "1:15: unexpected character \"==\"", "equal is one sign: a = b"},
    {"score = if(存款 ＝＝ 2, 1, 2);", "1:15: unexpected character \"＝＝\"", "equal is one sign: a = b"},
    {"score = if(a => 2, 1, 2);", "1:14: unexpected character \"=>\"", "write >="},
    {"score = if(a =< 2, 1, 2);", "1:14: unexpected character \"=<\"", "write <="},
    {"score = if(a > 2 && b, 1, 2);", "1:18: unexpected character \"&&\"", "write and (且)"},
    {"score = if(a > 2 || b, 1, 2);", "1:18: unexpected character \"||\"", "write or (或)"},
    {"score = if(!b, 1, 2);", "1:12: unexpected character \"!\"", "write not (非); not equal is <>"},
    {"score = 5％;", "1:10: unexpected character \"％\"", "a percentage is a factor: x*0.05"},
    {"score = a // b;", "1:11: unexpected character \"//\"", "a comment begins with #"},
    {"measure m money = sum(retail where kind = “D”, 1);", "1:43: unexpected character \"“\"",
     "texts stand in plain quotes: 'D'"},
    {"measure m money = sum(retail where kind = ＇D＇, 1);", "1:43: unexpected character \"＇\"",
     "texts stand in plain quotes: 'D'"},
    {"score = min(存款、2);", "1:15: unexpected character \"、\"", "between arguments stands a comma"},
    {"score = 存款。", "1:11: unexpected character \"。\"", "a point is plain, and a statement ends with ;"},
    {"score = 存款——5;", "1:11: unexpected character \"—\"", "a minus is one short sign: -"},
    {"score = 【存款】;", "1:9: unexpected character \"【\"", "parentheses are ( and )"},
    {"＃ 注释\nscore = $;", "2:9: unexpected character \"$\"", ""},
    {"score = 存\u200b款;", "1:11: expected \";\" at the end of the statement, found \"款\"", ""},
    {"score = \a1;", "1:9: unexpected byte 0x07, which nobody sees", "type the line anew"},
    {"# \xff", "1:3: the text is not UTF-8 (byte 0xFF)", "convert it: iconv -f GB18030 -t UTF-8 t.formula"},
    {"score = 1.;", "1:11: expected digits behind the decimal point", ""},
    {"score = 1234567890123456;", "1:9: a number has at most 15 digits", ""},
    {"score = 0.1234567890123456;", "1:9: a number has at most 15 digits", ""},
    {"score = 3年;", "1:10: expected \";\" at the end of the statement, found \"年\"", ""},
    {"score = 3x;", "1:9: a name cannot begin with a digit", ""},
    {"score = 3e;", "1:9: a name cannot begin with a digit", ""},
    {"score = 1e999;", "1:9: a number is written without an exponent",
     "write it out, such as 1000000, with at most 15 digits"},
    {"threshold 1.5E+6;", "1:11: a number is written without an exponent",
     "write it out, such as 1000000, with at most 15 digits"},
    {"score = 1,234;", "1:10: expected \";\" at the end of the statement, found \",\"",
     "numbers have no separators: 1000000"},
    {"score = min(1, 500,000);", "1:20: a number does not begin with 0",
     "numbers have no separators (500000, not 500,000); a code stands in quotes: '01'"},
    {"score = 007;", "1:9: a number does not begin with 0",
     "numbers have no separators (500000, not 500,000); a code stands in quotes: '01'"},
    {"score = ２;", "1:9: unexpected character \"２\"", "digits are the plain ones: 2"},
    {"score = 'abc\n';", "1:9: expected a closing ' on the same line", ""},
    {"score = \"abc", "1:9: expected a closing \" on the same line", ""},
    {"score = '012345678901234567890123456789012';", "1:9: a text has at most 32 bytes", ""},
    {"score = aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjj;",
     "1:9: a name has at most 96 bytes, this one has 97", ""},
};

static const struct error_case STATEMENTS[] = {
    {"", "1:1: the file has no score", "add a line such as: score = deposits + loans*1.2;"},
    {"score = 1;", "1:11: the file has no threshold", "add a line such as: threshold 1000000.00;"},
    {"scor = 1;",
     "1:1: expected a statement: measure, coef, let, result, score, unit, rounding or threshold, found \"scor\"",
     "did you mean score?"},
    {"(", "1:1: expected a statement: measure, coef, let, result, score, unit, rounding or threshold, found \"(\"", ""},
    {"score = 1", "1:10: expected \";\" at the end of the statement, found end of file", ""},
    {"score = 1; score = 2;", "1:12: a second score", ""},
    {"unit fen; unit fen;", "1:11: a second unit", ""},
    {"unit 角;", "1:6: expected yuan or fen, found \"角\"", ""},
    {"rounding up;", "1:10: expected half_up, half_away or half_even, found \"up\"", ""},
    {"rounding half_up; rounding half_up;", "1:19: a second rounding", ""},
    {"threshold 1; threshold 2;", "1:14: a second threshold", ""},
    {"threshold x;", "1:11: expected a number, found \"x\"", ""},
    {"threshold 1.005; score = 1;", "1:11: the threshold in yuan has at most 2 decimals, found 3", ""},
    {"unit fen; threshold 1.5; score = 1;", "1:21: the threshold in fen has at most 0 decimals, found 1", ""},
    {"coef 1;", "1:6: expected the name of a coefficient, found \"1\"", ""},
    {"coef when = 1;", "1:6: \"when\" is a word of the language and cannot name a coefficient", ""},
    {"coef a 1;", "1:8: expected \"=\" and the value of the coefficient, found \"1\"", ""},
    {"coef a = b;", "1:10: expected a number, found \"b\"", ""},
    {"coef a = 1; coef a = 2;", "1:18: a is already a coefficient, defined in line 1", ""},
    {"measure m money = count(card);", "1:11: a count is a number, not money", ""},
    {"measure m = sum(card, 1);", "1:11: expected the type of the measure: money, months, number or date, found \"=\"",
     "a name is one word: no blanks inside it"},
    {"measure m code = sum(card, 1);",
     "1:11: expected the type of the measure: money, months, number or date, found \"code\"",
     "a name is one word: no blanks inside it"},
    {"measure m date = sum(card, 1);", "1:11: dates have no sum: the first is min, the last is max", ""},
    {"measure m date = count(card);", "1:11: a count is a number, not date", ""},
    {"measure m monny = sum(card, 1);",
     "1:11: expected the type of the measure: money, months, number or date, found \"monny\"", "did you mean money?"},
    {"let a 金客 = 1;", "1:7: expected \"=\", or a type: money, number, months, date, code, boolean, found \"金客\"",
     "did you mean 金额?"},
    {"measure m money = sum(card wehre 1=1, 1);",
     "1:28: expected \",\" and the expression of the aggregate, found \"wehre\"", "did you mean where?"},
    {"score = if(1=1 adn 2=2, 1, 2);", "1:16: expected \")\" or \",\" after an argument, found \"adn\"",
     "did you mean and?"},
    {"score = if(存款 between 1 and 5, 1, 2);", "1:15: expected \")\" or \",\" after an argument, found \"between\"",
     "write x >= 1 and x <= 5"},
    {"score = mod(7, 2);", "1:9: unknown function mod", "there is no remainder: a - b*floor(a/b)"},
    {"score = case wehn 1=1 then 2 else 3 end;", "1:14: expected \"when\" after case, found \"wehn\"",
     "did you mean when?"},
    {"measure m money sum(card, 1);", "1:17: expected \"=\" and the aggregate of the measure, found \"sum\"", ""},
    {"measure m money = total(card, 1);", "1:19: expected sum, count, min, max or avg, found \"total\"",
     "for example: measure deposits money = sum(retail, cny(balance));"},
    {"measure m money = sum card;", "1:23: expected \"(\" after the aggregate, found \"card\"", ""},
    {"measure m money = sum(1);", "1:23: expected the name of an account table, found \"1\"", ""},
    {"measure m money = sum(card);", "1:27: expected \",\" and the expression of the aggregate, found \")\"",
     "sum(tables where condition, expression)"},
    {"measure m money = sum(card, 1;", "1:30: expected \")\" after the expression of the aggregate, found \";\"", ""},
    {"measure m number = count(card, 1);", "1:30: expected \")\" after the accounts that count counts, found \",\"",
     ""},
    {"measure m as n money = sum(card, 1); measure n money = sum(card, 1);",
     "1:46: n is already a measure, defined in line 1", ""},
    {"measure m as when money = sum(card, 1);",
     "1:14: \"when\" is a word of the language and cannot name the measure in ASCII", ""},
    {"let a = 1; let a = 2;", "1:16: a is already a value, defined in line 1", ""},
    {"let a wrong = 1;", "1:7: expected \"=\", or a type: money, number, months, date, code, boolean, found \"wrong\"",
     "a name is one word: no blanks inside it"},
    {"let a 1;", "1:7: expected \"=\" and an expression, found \"1\"", ""},
    {"result r = 1;", "1:10: expected the type of the result: money, number, months, code or boolean, found \"=\"",
     "a name is one word: no blanks inside it"},
    {"result r date = 1;",
     "1:10: expected the type of the result: money, number, months, code or boolean, found \"date\"",
     "a name is one word: no blanks inside it"},
    {"result r number = 1; result r number = 2;", "1:29: r is already a result, defined in line 1", ""},
};

static const struct error_case SYNTAX[] = {
    {"score = ;", "1:22: expected a value, found \";\"", ""},
    {"score = 1 +;", "1:25: expected a value, found \";\"", ""},
    {"score = (1;", "1:24: expected \")\" to close the parenthesis, found \";\"", ""},
    {"score = 1 < 2 < 3;", "1:28: a comparison cannot be compared again", "write: a < b and b < c"},
    {"score = when;", "1:22: expected a value, found \"when\"", ""},
    {"score = date 5;", "1:27: expected a day such as '2026-10-31' after date, found \"5\"", ""},
    {"score = date '2026-02-30';", "1:27: '2026-02-30' is not a day such as '2026-10-31'", ""},
    {"score = case 1;", "1:27: expected \"when\" after case, found \"1\"", ""},
    {"score = case when 1=1 then 2 end;",
     "1:43: expected \"when\", or \"else\" with the value for all other customers, found \"end\"",
     "a case needs an else: else 0 end"},
    {"score = case when 1=1 else 2 end;", "1:36: expected \"then\" after the condition, found \"else\"", ""},
    {"score = case when 1=1 then 2 else 3;", "1:49: expected \"end\" to close the case, found \";\"", ""},
    {"score = 1 in 2;", "1:27: expected \"(\" after in, found \"2\"", ""},
    {"score = 1 in (2;", "1:29: expected \")\" or \",\" after a value of in, found \";\"", ""},
    {"score = 系数();", "1:25: expected a number or the name of a coefficient, found \")\"", ""},
    {"score = 系数(1.5;", "1:28: expected \")\" after the coefficient, found \";\"", ""},
    {"score = coef(a);", "1:27: unknown coefficient a",
     "declare it above: coef a = 1.5;  or give a default here: coef(a, 1.5)"},
    {"coef fund_weight = 1; score = coef(fund_wieght);", "1:49: unknown coefficient fund_wieght",
     "did you mean fund_weight?"},
    {"score = coef(a, 1) + coef(a, 2);", "1:40: coefficient a has two defaults, 2 here and 1 in line 1", ""},
    {"let a = 1; score = coef(a, 1);", "1:38: a is already a value, defined in line 1", ""},
    {"score = minn(1, 2);", "1:22: unknown function minn", "did you mean min?"},
    {"score = frobnicate(1);", "1:22: unknown function frobnicate", "list them: crmx formula functions"},
    {"score = sum(card, balance);",
     "1:32: measure sum(card, balance) adds amounts of different currencies of card_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"score = sum(crad, cny(balance));", "1:26: no system or account layout is named crad", "did you mean card?"},
    {"score = sum(card, cny(balanse));", "1:36: table card_account has no field balanse", "did you mean balance?"},
    {"score = sum(card where limit, sum(loan, balance));", "1:44: an aggregate cannot stand inside an aggregate",
     "compare or add the two in the score: each is one figure of the customer"},
    {"score = 5*sum(card, balance > 5.00);", "1:42: an aggregate is of amounts, numbers or dates, not of conditions",
     "count them: count(… where …)"},
    {"score = sum(card);", "1:30: expected \",\" and the expression of the aggregate, found \")\"",
     "sum(tables where condition, expression)"},
    {"score = round(5.5, 7);", "1:33: round takes 0 to 6 decimals", ""},
    {"score = round(5.5, 1.5);", "1:33: round takes 0 to 6 decimals", ""},
    {"score = round(5.5, half_up, 2);", "1:42: expected half_up, half_away or half_even, found \"2\"", ""},
    {"score = abs(1, 2);", "1:22: abs takes 1 argument, found 2", "abs(x): x without its sign"},
    {"score = if(1=1, 2);", "1:22: if takes 3 arguments, found 2",
     "if(condition, a, b): a where the condition holds, else b"},
    {"score = min(1);", "1:22: min takes 2 to 16 arguments, found 1", "min(a, b, …): the smallest"},
    {"score = min(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17);", "1:22: min takes 2 to 16 arguments, found 17",
     "min(a, b, …): the smallest"},
    {"score = abs(1;", "1:27: expected \")\" or \",\" after an argument, found \";\"", ""},
    {"score = round(1, up);", "1:31: expected half_up, half_away or half_even, found \"up\"", ""},
};

/* Behind "threshold 1; measure 存款 as deposits money = sum(fund, balance);" in line 1 */
static const struct error_case SCORES[] = {
    {"score = 存欵;", "2:9: unknown name 存欵", "did you mean 存款?"},
    {"score = deposit;", "2:9: unknown name deposit", "did you mean deposits?"},
    {"score = xyz;", "2:9: unknown name xyz", "define it above: let xyz money = …; or measure xyz money = sum(…);"},
    {"score = incme;", "2:9: unknown name incme", "did you mean income?"},
    {"score = maxx;", "2:9: unknown name maxx", "did you mean the function max(…)?"},
    {"score = 最大值;", "2:9: unknown name 最大值", "did you mean the function 最大(…)?"},
    {"score = count;", "2:9: unknown name count", "did you mean the aggregate count(…)?"},
    {"score = overdrft;", "2:9: unknown name overdrft",
     "did you mean the accounts' field overdraft? It has to be added up: sum(card_account, overdraft)"},
    {"score = balance;", "2:9: unknown name balance",
     "did you mean the accounts' field balance? It has to be added up: sum(retail_account, balance)"},
    {"score = days_since(coalesce(birth, busines_date));", "2:36: unknown name busines_date",
     "did you mean business_date?"},
    {"score = if(home_currency = USD, 1, 2);", "2:28: unknown name USD",
     "did you mean the code 'USD'? Codes stand in quotes"},
    {"score = if(sex = M, 1, 2);", "2:18: unknown name M", "did you mean the code 'M'? Codes stand in quotes"},
    {"score = a; let a = 1;", "2:9: a is defined further down, in line 2", "move its statement above line 2"},
    {"let a = a; score = 1;", "2:9: a cannot stand in its own definition",
     "name the part that is meant: let part = …; and write part here"},
    {"score = deposits * deposits;", "2:18: money cannot be multiplied by money",
     "divide first: a*(b/c), or say that one is a number: let n number = …;"},
    {"score = deposits + sex;", "2:18: cannot add a value of type code to one of type money", ""},
    {"score = deposits - birth;", "2:18: cannot subtract a value of type date from one of type money", ""},
    {"score = birth + deposits;", "2:15: cannot add a value of type money to one of type date", ""},
    {"score = deposits * birth;", "2:18: cannot multiply values of type money and date", ""},
    {"score = deposits / (1=1);", "2:18: cannot divide values of type money and boolean", ""},
    {"score = -sex;", "2:10: expected an amount or a number, found a value of type code", ""},
    {"score = if(deposits, 1, 2);", "2:12: expected a condition, found a value of type money", ""},
    {"score = if(1=1 and deposits, 1, 2);", "2:20: expected a condition, found a value of type money", ""},
    {"score = if(1=1, 1, sex);", "2:20: a value of type code cannot stand beside one of type number", ""},
    {"score = if(sex = 1, 1, 2);", "2:16: cannot compare a value of type code with one of type number", ""},
    {"score = if(married = married, 1, 2);", "2:20: cannot compare a value of type boolean with one of type boolean",
     ""},
    {"score = if(sex = 'X', 1, 2);", "2:18: 'X' is none of the codes it is compared with", "the codes are: M F U"},
    {"score = if('MM' = sex, 1, 2);", "2:12: 'MM' is none of the codes it is compared with", "did you mean 'M'?"},
    {"score = if(sex in ('M', 'Q'), 1, 2);", "2:25: 'Q' is none of the codes it is compared with",
     "the codes are: M F U"},
    {"score = if(home_currency = 'CYN', 1, 2);", "2:28: 'CYN' is none of the codes it is compared with",
     "did you mean 'CNY'?"},
    {"score = if(sex < 'M', 1, 2);", "2:16: codes have no order, use = or <> or in", ""},
    {"score = age(birth);", "2:9: this value may be missing for a customer and cannot be used in a result",
     "say what counts then: coalesce(…, …)"},
    {"score = if(birth < date '2000-01-01', 1, 2);",
     "2:12: birth may be missing for a customer and cannot be used in a comparison",
     "say what counts then: coalesce(birth, …)"},
    {"score = coalesce(age(birth), months_since(opened));",
     "2:9: this value may be missing for a customer and cannot be used in a result",
     "say what counts then: coalesce(…, …)"},
    {"score = age(deposits);", "2:13: age needs a date, found a value of type money", ""},
    {"score = years_between(birth);", "2:9: years_between takes 2 arguments, found 1",
     "years_between(from, to): completed years from one date to another"},
    {"score = days_between(business_date, deposits);", "2:37: days_between needs a date, found a value of type money",
     ""},
    {"score = 非 (1 = 1);", "2:9: score is declared money, the expression gives boolean", ""},
    {"score = 分档 当 deposits > 1 则 2 结束;",
     "2:31: expected \"when\", or \"else\" with the value for all other customers, found \"结束\"",
     "a case needs an else: else 0 end"},
    {"score = last; measure last date = max(retail, maturity);",
     "2:9: score is declared money, the expression gives date", ""},
    {"score = if(last > business_date, 1, 2); measure last date = max(retail, maturity);",
     "2:12: last may be missing for a customer and cannot be used in a comparison",
     "say what counts then: coalesce(last, …)"},
    {"评份 = 1;",
     "2:1: expected a statement: measure, coef, let, result, score, unit, rounding or threshold, found \"评份\"",
     "did you mean 评分?"},
    {"score = months_since(1);", "2:22: months_since needs a date, found a value of type number", ""},
    {"score = cny(deposits);", "2:9: cny can stand only inside an aggregate",
     "write it in a measure: measure NAME money = sum(retail, cny(balance));"},
    {"score = sex;", "2:9: score is declared money, the expression gives code", ""},
    {"coef weight = 2; score = deposits*wieght;", "2:35: unknown name wieght", "did you mean weight?"},
    {"score = if(deposits < abs(nothing), 1, 2);", "2:27: unknown name nothing",
     "define it above: let nothing money = …; or measure nothing money = sum(…);"},
    {"let a date = 5; score = 1;", "2:14: a is declared date, the expression gives number", "declare it number"},
    {"let a date = months_since(business_date); score = 1;", "2:14: a is declared date, the expression gives months",
     "declare it months"},
    {"score = 999999999999999*999999999999999;", "2:24: result score is larger than 2^62 for every customer",
     "a result has 18 digits in its smallest unit: write smaller numbers"},
    {"let a = 999999999999999; let b = a*100000; score = deposits - b/3 + a;",
     "2:67: result score is larger than 2^62 for every customer",
     "a result has 18 digits in its smallest unit: write smaller numbers"},
    {"score = 1; result r number = -(deposits + 999999999999999*999999999999999);",
     "2:30: result r is larger than 2^62 for every customer",
     "a result has 18 digits in its smallest unit: write smaller numbers"},
    {"score = score + deposits;", "2:9: score cannot stand in its own definition",
     "name the part that is meant: let part = …; and write part here"},
    {"score = if(deposits = null, 1, 2);", "2:23: unknown name null",
     "only dates can be missing: known(x) asks, coalesce(x, …) says what counts then"},
    {"score = if(business_date > 20000101, 1, 2);", "2:26: cannot compare a value of type number with one of type date",
     "a day is written date '2026-10-31'"},
    {"score = mni(1, 2);", "2:9: unknown function mni", "did you mean min?"},
    {"score = cuont(fund);", "2:9: unknown function cuont", "did you mean count?"},
    {"score = dpeosits;", "2:9: unknown name dpeosits", "did you mean deposits?"},
    {"let a number = business_date; score = 1;", "2:16: a is declared number, the expression gives date",
     "declare it date"},
    {"score = 1; result t code = 5;", "2:28: t is declared code, the expression gives number", "declare it number"},
    {"score = days_since(business_date + 1.5);",
     "2:36: a date is moved by whole days, and this may be a fraction of one", "round it: floor(1.5) or round(1.5)"},
    {"score = days_since(deposits/deposits/3 + business_date);",
     "2:37: a date is moved by whole days, and this may be a fraction of one",
     "round it: floor(deposits/deposits/3) or round(deposits/deposits/3)"},
    {"let n number = deposits; score = days_since(business_date - n);",
     "2:61: a date is moved by whole days, and this may be a fraction of one", "round it: floor(n) or round(n)"},
    {"score = days_since(business_date + 系数(0.5));",
     "2:36: a date is moved by whole days, and this may be a fraction of one",
     "round it: floor(系数(0.5)) or round(系数(0.5))"},
    {"score = days_since(business_date + family);",
     "2:36: a date is moved by whole days, and this may be a fraction of one",
     "round it: floor(family) or round(family)"},
    {"score = abs('x');", "2:13: expected an amount or a number, found a value of type code", ""},
    {"score = coalesce(birth, 5);", "2:25: a value of type number cannot stand beside one of type date", ""},
};

/* Behind "threshold 1; score = 1; measure m money = " */
static const struct error_case MEASURES[] = {
    {"sum(retial, cny(balance));", "1:47: no system or account layout is named retial", "did you mean retail?"},
    {"sum(loans, cny(balance));", "1:47: no system or account layout is named loans", "list them: crmx layout list"},
    {"sum(card, balance);", "1:53: measure m adds amounts of different currencies of card_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"sum(card where currency<>'USD', balance);",
     "1:75: measure m adds amounts of different currencies of card_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"sum(retail where kind='D' or currency='CNY', balance);",
     "1:88: measure m adds amounts of different currencies of retail_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"sum(card, if(currency='CNY', balance, balance));",
     "1:53: measure m adds amounts of different currencies of card_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"max(card, balance);", "1:53: measure m adds amounts of different currencies of card_account",
     "convert them: cny(amount); or take one currency: where currency='CNY'"},
    {"sum(card, cny(balanse));", "1:57: table card_account has no field balanse", "did you mean balance?"},
    {"sum(retail where 999999999999999*999999999999999*999999999999999 > 1, cny(balance));",
     "1:91: the number is larger than 128 bits (1.7e38)", "it is so for every account: write smaller numbers"},
    {"sum(retail where balance + 0.000001 > 999999999999999*999999999999999*99999999 + 0.00000000000001, balance);",
     "1:122: the number is larger than 128 bits (1.7e38)", "it is so for every account: write smaller numbers"},
    {"sum(card, cny(zzz));", "1:57: table card_account has no field zzz",
     "see its fields: crmx layout show card_account"},
    {"sum(accounts where currency='CNY', balance);", "1:62: table fund_account has no field currency",
     "see its fields: crmx layout show fund_account"},
    {"sum(card, cny(balance)/2);", "1:65: a division inside an aggregate would not be exact",
     "divide outside: define a measure without the division and write measure/x in the score"},
    {"sum(card, 系数(2)*cny(balance));", "1:53: a coefficient cannot stand inside an aggregate",
     "multiply the measure by it in the score"},
    {"sum(card, m);", "1:53: the measure m cannot stand inside an aggregate",
     "an aggregate reads the fields of card_account; combine measures in the score"},
    {"sum(card, score);", "1:53: the value of the customer score cannot stand inside an aggregate",
     "an aggregate reads the fields of card_account; combine measures in the score"},
    {"sum(card, coef(z, 1)*z);", "1:53: a coefficient cannot stand inside an aggregate",
     "multiply the measure by it in the score"},
    {"sum(retail where kind='X', cny(balance));", "1:65: 'X' is no code of retail_account.kind",
     "its codes are: D F N"},
    {"sum(retail where status in ('OPEN', 'FROZN'), cny(balance));",
     "1:79: 'FROZN' is no code of retail_account.status", "did you mean 'FROZEN'?"},
    {"sum(retail where currency='RMB', cny(balance));", "1:69: 'RMB' is no code of retail_account.currency",
     "its codes are: CNY USD JPY EUR HKD"},
    {"sum(retail where kind < 'D', cny(balance));", "1:65: codes have no order, use = or <> or in", ""},
    {"sum(retail where kind = status, cny(balance));", "1:67: a code can be compared only with a text such as 'D'", ""},
    {"sum(retail where kind in (5), cny(balance));", "1:69: a code can be compared only with a text such as 'D'", ""},
    {"sum(retail where balance, cny(balance));", "1:60: expected a condition, found a value of type money", ""},
    {"sum(retail where balance > term, cny(balance));",
     "1:68: cannot compare a value of type money and one of type months", ""},
    {"sum(retail where maturity > 5, cny(balance));",
     "1:69: cannot compare a value of type date and one of type number", "a day is written date '2026-10-31'"},
    {"sum(retail where (kind='D') = (kind='F'), cny(balance));", "1:71: cannot compare conditions, use and, or, not",
     ""},
    {"sum(retail where not balance, cny(balance));", "1:64: expected a condition, found a value of type money", ""},
    {"sum(retail where 'D' = 'D', cny(balance));", "1:60: the text 'D' can only be compared with a field of codes", ""},
    {"sum(retail, cny(balance) + term);", "1:68: cannot add a value of type money and one of type months", ""},
    {"sum(retail, maturity + balance);", "1:64: cannot add values of type date and money", ""},
    {"sum(retail, maturity - rate);", "1:66: a date is moved by whole days, and this has decimals",
     "write whole days, such as business_date + 30"},
    {"sum(retail, days_since(1.50 + business_date));", "1:66: a date is moved by whole days, and this has decimals",
     "write whole days, such as business_date + 30"},
    {"sum(retail, cny(balance)*cny(balance));", "1:67: money cannot be multiplied by money", ""},
    {"sum(retail, -kind);", "1:56: expected an amount or a number, found a value of type code", ""},
    {"sum(retail, cny(term));", "1:59: cny converts money, found a value of type months", ""},
    {"sum(retail, cny(cny(balance)));", "1:59: the amount is converted already", ""},
    {"sum(retail, max(kind, 1));", "1:65: cannot compare a value of type code and one of type number", ""},
    {"sum(retail, max(kind='D', kind='F'));", "1:55: expected amounts or numbers, found values of type boolean", ""},
    {"sum(retail, if(kind='D', cny(balance), term));",
     "1:68: cannot choose between a value of type money and one of type months", ""},
    {"sum(retail, round(cny(balance)));", "1:55: round cannot stand inside an aggregate",
     "aggregates add exact amounts; apply round to the measure in the score"},
    {"sum(retail, age(maturity));", "1:55: the measure is declared money, the expression gives number",
     "declare it number"},
    {"sum(retail, floor(term));", "1:55: floor cannot stand inside an aggregate",
     "aggregates add exact amounts; apply floor to the measure in the score"},
    {"sum(retail, term);", "1:55: the measure is declared money, the expression gives months", "declare it months"},
    {"sum(retail, kind='D');", "1:59: the measure is declared money, the expression gives boolean", ""},
    {"sum(retail, cny(balance)*0.000000000001*0.000000000001*0.000000000001);",
     "1:97: the product has 46 decimals, at most 36 are kept exactly", ""},
    {"sum(retail, cny(balance)*0.00000000000001);",
     "1:33: the numbers of measure m are too large or have too many decimals to be exact",
     "at most 18 decimals more than the result, rates included; scale the measure in the score"},
    {"sum(retail, cny(balance)*999999999999999);",
     "1:33: the numbers of measure m are too large or have too many decimals to be exact",
     "at most 18 decimals more than the result, rates included; scale the measure in the score"},
    {"sum(card, cny(balance)*0.000000000001 + 1);", "1:81: the decimals of the two values are too far apart (0 and 22)",
     ""},
    {"sum(card, cny(balance*0.00000000000001*0.000000000000001));",
     "1:53: the amount has 31 decimals, at most 28 can be converted exactly", ""},
    {"sum(card, cny(balance)*k); coef k = 2;", "1:66: the coefficient k cannot stand inside an aggregate",
     "an aggregate reads the fields of card_account; combine measures in the score"},
};

/* Behind "measure m number = ". */
static const struct error_case CUSTOMER[] = {
    {"sum(card where customer.brth < business_date, 1);", "1:59: customers have no field brth",
     "did you mean customer.birth?"},
    {"sum(card where customer.zzz < 1, 1);", "1:59: customers have no field zzz",
     "find the customers' layouts and their fields: crmx layout list"},
    {"sum(card where brth < business_date, 1);", "1:59: table card_account has no field brth", "did you mean birth?"},
    {"sum(card where client.birth < business_date, 1);",
     "1:59: only customer stands in front of a point, found \"client\"",
     "write FIELD for a field of the accounts, customer.FIELD for one of the customer"},
    {"sum(card where customer.1 < 2, 1);",
     "1:68: expected a field of the customer, such as customer.birth, found \"1\"", ""},
    {"sum(card where customer. < 2, 1);", "1:69: expected a field of the customer, such as customer.birth, found \"<\"",
     ""},
    {"sum(card where customer.sex = 'X', 1);", "1:74: 'X' is no code of customer.sex", "its codes are: M F U"},
    {"sum(card where sex = 'X', 1);", "1:65: 'X' is no code of customer.sex", "its codes are: M F U"},
    {"sum(card where customer.home_currency in ('CNI'), 1);", "1:86: 'CNI' is no code of customer.home_currency",
     "did you mean 'CNY'?"},
    {"sum(card where customer.sex > 'M', 1);", "1:72: codes have no order, use = or <> or in", ""},
    {"sum(card, customer.birth);", "1:54: the measure is declared number, the expression gives date",
     "count from it: days_since(…), or declare a min or max date"},
    {"max(card, age(customer.birth));", "1:54: a date in the expression may be missing for an account or its customer",
     "say what counts then: coalesce(date, business_date)"},
    {"count(card where cny(balance + customer.income) > 1);",
     "1:73: an amount of the customer is in the base currency, cny converts those of accounts",
     "take it out of cny(): cny(balance) + customer.FIELD"},
    {"count(fund where cny(income) > 1);",
     "1:65: an amount of the customer is in the base currency, cny converts those of accounts",
     "take it out of cny(): cny(balance) + customer.FIELD"},
    {"count(card where balance > customer.deposits_month);",
     "1:71: the average deposits_month cannot stand inside an aggregate: it comes out of the accounts itself",
     "use it in the score, beside the aggregate"},
    {"count(card where balance > deposits_month);",
     "1:71: the average deposits_month cannot stand inside an aggregate: it comes out of the accounts itself",
     "use it in the score, beside the aggregate"},
    {"count(card where family > 1); let family = 1;",
     "1:61: the value of the customer family cannot stand inside an aggregate",
     "an aggregate reads the fields of card_account; combine measures in the score"},
};

static const struct error_case NUMBERS[] = {
    {"sum(retail, cny(balance));", "1:56: the measure is declared number, the expression gives money",
     "declare it money"},
    {"sum(retail, maturity - business_date);",
     "1:65: a date in the expression may be missing for an account or its customer",
     "say what counts then: coalesce(date, business_date)"},
    {"max(retail, years_between(maturity, business_date));",
     "1:56: a date in the expression may be missing for an account or its customer",
     "say what counts then: coalesce(date, business_date)"},
    {"max(retail, days_since(term));", "1:67: days_since needs a date, found a value of type months", ""},
    {"max(retail, months_between(business_date, 1));",
     "1:86: months_between needs a date, found a value of type number", ""},
    {"sum(retail, (business_date) in (maturity));",
     "1:72: the measure is declared number, the expression gives boolean", ""},
};

/* What is counted in days or months is no date. */
static const struct error_case DATES[] = {
    {"max(retail, 5);", "1:54: the measure is declared date, the expression gives number", "declare it number"},
    {"max(retail, days_since(maturity));", "1:54: the measure is declared date, the expression gives number",
     "declare it number"},
    {"min(retail, months_since(coalesce(maturity, business_date)));",
     "1:54: the measure is declared date, the expression gives months", "declare it months"},
    {"min(retail, balance);", "1:54: the measure is declared date, the expression gives money", "declare it money"},
};

static void test_lexer(void **state)
{
    CHECK("", LEXER);
}
static void test_statements(void **state)
{
    CHECK("", STATEMENTS);
}
static void test_syntax(void **state)
{
    CHECK("threshold 1; ", SYNTAX);
}
static void test_scores(void **state)
{
    CHECK("threshold 1; measure 存款 as deposits money = sum(fund, balance);\n", SCORES);
}
static void test_measures(void **state)
{
    CHECK("threshold 1; score = 1; measure m money = ", MEASURES);
    CHECK("threshold 1; score = 1; measure m number = ", NUMBERS);
    CHECK("threshold 1; score = 1; measure m number = ", CUSTOMER);
    CHECK("threshold 1; score = 1; measure m date = ", DATES);
}

/* The line with a caret below the place: two columns for a Chinese character, cut where it is long. */
static void test_excerpts(void **state)
{
    static const struct {
        const char *text, *excerpt;
    } CASES[] = {
        {"threshold 1;\nscore = 活期存款 + x;\n", "score = 活期存款 + x;\n        ^"},
        {"threshold 1; measure 活期 as a money = sum(fund, balance);\r\nscore =\t活期＋定期;\r\n",
         "score = 活期＋定期;\n              ^"},
        {"score = 1", "score = 1\n         ^"},
        {"score = \xff;", "score = ?;\n        ^"},
        {"", ""},
        {"threshold 1;\n\n", ""},
        {"threshold 1; score = 1111111111 + 2222222222 + 3333333333 + 4444444444 + 5555555555 + 6666666666 + "
         "7777777777 "
         "+ x + 8888888888 + 9999999999 + 1010101010 + 1212121212 + 1313131313;",
         "…+ 2222222222 + 3333333333 + 4444444444 + 5555555555 + 6666666666 + 7777777777 + x + 8888888888 + 9999999999 "
         "+…\n                                                                                 ^"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct status st = {0};
        assert_false(run(CASES[i].text, &st));
        if (strcmp(st.excerpt, CASES[i].excerpt) != 0) print_error("%s\n%s\n", st.message, st.excerpt);
        assert_string_equal(st.excerpt, CASES[i].excerpt);
    }
}

/* A field that the night does not carry: the first place where a measure reads it, or the measure. */
static void test_places_of_fields(void **state)
{
    enum { CARD = 2, FUND = 3 };
    static const struct {
        int table;
        const char *field, *place;
    } TABLE[] = {
        {CARD, "overdraft", "2:41: measure 透支 reads it"},
        {CARD, "balance", "3:53: measure both reads it"},
        {CARD, "currency", "2:9: measure 透支 reads it"},
        {FUND, "shares", "4:41: measure all reads it"},
        {FUND, "nav", "5:32: measure sum(fund_account, nav) reads it"},
    };
    struct formula *f;
    struct status st = {0};
    const char *text = "threshold 1;\n"
                       "measure 透支 as od money = sum(card, cny(-overdraft));\n"
                       "measure both number = count(retail + card where not balance > 5);\n"
                       "measure all number = max(accounts where shares > 1, 7);\n"
                       "score = od + sum(fund_account, nav);";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char message[200];
        status_clear(&st);
        snprintf(message, sizeof message, "t.formula:%s", TABLE[i].place);
        assert_false(formula_fail_at_field(f, &FIXTURE_TABLE[TABLE[i].table], TABLE[i].field, &st, "reads it"));
        assert_string_equal(st.message, message);
        assert_non_null(strstr(st.excerpt, "^"));
    }
    formula_free(f);
}

static void test_rates(void **state)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *set;
    const char *text = "threshold 1; score = 1; measure m money = sum(card, cny(balance));";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    struct measure_rates per_ten = {(const int64_t[]){1000000, 1, 1, 1, 1}, (const int32_t[]){1, 50, 1, 1, 1}};
    assert_false(measure_bind(f, &FIXTURE_SCHEMA, &per_ten, &set, &st));
    assert_string_equal(st.message, "the rate of USD is 1 per 50; expected a positive rate per 1, 10, 100 …");
    status_clear(&st);
    struct measure_rates large = {(const int64_t[]){1000000, INT64_MAX / 2, 1, 1, 1},
                                  (const int32_t[]){1, 1, 100, 1, 1}};
    assert_false(measure_bind(f, &FIXTURE_SCHEMA, &large, &set, &st));
    assert_string_equal(st.message, "the rate of USD is too large: 4611686018427387903");
    status_clear(&st);
    assert_null(set);
    formula_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lexer),
                                       cmocka_unit_test(test_statements),
                                       cmocka_unit_test(test_syntax),
                                       cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_measures),
                                       cmocka_unit_test(test_rates),
                                       cmocka_unit_test(test_places_of_fields),
                                       cmocka_unit_test(test_excerpts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
