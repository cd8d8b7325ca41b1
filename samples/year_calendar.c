/* The made-up calendar of config/template/calendars, computed. */
#include "base/date.h"
#include "samples/year.h"

/* Day 0 = 1970-01-01 was a Thursday; 0 = Monday. */
static int weekday(int32_t date)
{
    return (int)(((date + 3) % 7 + 7) % 7);
}

static int32_t spring_festival(int year)
{
    static const struct {
        int year, month, day;
    } first[] = {{2026, 2, 16}, {2027, 2, 5}, {2028, 1, 25}, {2029, 2, 12}};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (first[i].year == year) return date_from_civil(year, first[i].month, first[i].day);
    return DATE_NONE;
}

static bool is_holiday(int32_t date)
{
    static const struct {
        int month, day, count;
    } fixed[] = {{1, 1, 1}, {4, 5, 1}, {5, 1, 3}, {6, 15, 1}, {10, 1, 7}};
    int year, month, day;
    date_to_civil(date, &year, &month, &day);
    int32_t spring = spring_festival(year);
    if (spring != DATE_NONE && date >= spring && date < spring + 7) return true;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (month == fixed[i].month && day >= fixed[i].day && day < fixed[i].day + fixed[i].count) return true;
    return false;
}

/* The Saturday before the spring festival and the first one after the national holiday are worked. */
static bool is_worked(int32_t date)
{
    int year, month, day;
    if (weekday(date) != 5) return false;
    date_to_civil(date, &year, &month, &day);
    int32_t spring = spring_festival(year), national = date_from_civil(year, 10, 8);
    if (spring == DATE_NONE) return false;
    return (date < spring && date + 7 >= spring) || (date >= national && date < national + 7);
}

bool year_is_trading(int32_t date)
{
    return weekday(date) < 5 && !is_holiday(date);
}

int32_t year_trading_before(int32_t date)
{
    do date--;
    while (!year_is_trading(date));
    return date;
}

bool year_sends(enum sample_system system, int32_t date)
{
    switch (system) {
    case FUND: return year_is_trading(date);
    case CORPORATE_DEPOSIT:
    case CORPORATE_LOAN: return year_is_trading(date) || is_worked(date);
    default: return true;
    }
}
