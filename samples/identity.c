#include "samples/identity.h"

#include <stdio.h>
#include <string.h>

char identity_resident_check(const char *digits17)
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++) sum += (digits17[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

void identity_resident(char out[19], int area, int birth, int sequence)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%06d%08d%03d", area, birth, sequence);
    memcpy(out, digits, 17);
    out[17] = identity_resident_check(out);
    out[18] = 0;
}

void identity_resident_15(char out[16], const char *id18)
{
    memcpy(out, id18, 6);
    memcpy(out + 6, id18 + 8, 9);
    out[15] = 0;
}

static int letter_value(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

void identity_organisation(char out[10], uint64_t serial)
{
    static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
    char digits[32];
    snprintf(digits, sizeof digits, "%08u", (unsigned)(serial % 100000000));
    memcpy(out, digits, 8);
    /* Some codes begin with letters; the credit code has none of I O S V Z. */
    if (serial % 5 == 0) memcpy(out, "MA", 2);
    int sum = 0;
    for (int i = 0; i < 8; i++) sum += letter_value(out[i]) * weights[i];
    int check = 11 - sum % 11;
    out[8] = check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
    out[9] = 0;
}

void identity_credit(char out[19], int area, const char *organisation)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    static const int weights[17] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
    char text[32];
    snprintf(text, sizeof text, "91%06d%.9s", area, organisation);
    memcpy(out, text, 17);
    int sum = 0;
    for (int i = 0; i < 17; i++) sum += (int)(strchr(alphabet, out[i]) - alphabet) * weights[i];
    out[17] = alphabet[(31 - sum % 31) % 31];
    out[18] = 0;
}

void identity_tax(char out[16], int area, const char *organisation)
{
    char text[32];
    snprintf(text, sizeof text, "%06d%.9s", area, organisation);
    memcpy(out, text, 15);
    out[15] = 0;
}
