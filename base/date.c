#include "base/date.h"

#include "base/status.h"

#include <stdio.h>

int date_days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && date_is_leap(year) ? 29 : DAYS[month - 1];
}

bool date_valid(int year, int month, int day)
{
    return year >= DATE_YEAR_MIN && year <= DATE_YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
           day <= date_days_in_month(year, month);
}

/* Days from civil: years start in March, so the leap day is the last of its year (Howard Hinnant's algorithms). */
int32_t date_from_civil(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void date_to_civil(int32_t date, int *year, int *month, int *day)
{
    int z = date + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int m = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

bool date_parse(struct view text, int32_t *date)
{
    char digits[8];
    if (text.length == 10 && text.bytes[4] == '-' && text.bytes[7] == '-') {
        memcpy(digits, text.bytes, 4);
        memcpy(digits + 4, text.bytes + 5, 2);
        memcpy(digits + 6, text.bytes + 8, 2);
    } else if (text.length == 8) {
        memcpy(digits, text.bytes, 8);
    } else {
        return false;
    }
    int value = 0;
    for (int i = 0; i < 8; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        value = value * 10 + (digits[i] - '0');
    }
    if (!date_valid(value / 10000, value / 100 % 100, value % 100)) return false;
    *date = date_from_civil(value / 10000, value / 100 % 100, value % 100);
    return true;
}

void date_format(int32_t date, char text[11])
{
    if (date == DATE_NONE) {
        text[0] = 0;
        return;
    }
    if (date < DATE_FIRST || date > DATE_LAST) {
        snprintf(text, 11, "%s", date < DATE_FIRST ? "<0001" : ">9999");
        return;
    }
    int y, m, d;
    date_to_civil(date, &y, &m, &d);
    snprintf(text, 11, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u, (unsigned)d % 100u);
}
