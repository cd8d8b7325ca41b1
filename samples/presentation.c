#include "samples/population.h"

#include "base/date.h"
#include "samples/identity.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
enum { STREAM_PERSON = 2000, STREAM_COMPANY = 2001, STREAM_VIEW = 2010 };

/* What is the same in every system. */
struct subject {
    char type[3];
    char number[40];
    char name[128];
    char sex;
    int32_t birth;
    bool elder, bad; /* born in the 1800s; the check character is wrong */
};

static const char *const SURNAMES[] = {"王", "李", "张", "刘", "陈", "杨", "黄",   "赵",   "吴",  "周", "徐",
                                       "孙", "马", "朱", "胡", "郭", "何", "林",   "罗",   "高",  "郑", "梁",
                                       "谢", "宋", "唐", "许", "邓", "冯", "欧阳", "司马", "上官"};
static const char *const GIVEN[] = {"伟", "芳", "娜", "敏", "静", "秀", "丽", "强", "磊", "军", "洋", "勇",
                                    "艳", "杰", "娟", "涛", "明", "超", "兰", "霞", "平", "刚", "桂", "英",
                                    "华", "玉", "红", "建", "国", "志", "文", "海", "燕", "春"};
/* In GB18030 four bytes each, and missing in many older systems. */
static const char *const RARE[] = {"㛃", "𠮷", "𬭸", "㙍", "𫖯"};
static const char *const LONG_NAMES[] = {"买买提·艾力", "阿依古丽·吐尔逊", "JOHN SMITH", "MARIA O'NEIL",
                                         "ANNA-LENA BERG"};
static const char *const TRADES[] = {"机械", "电子", "建筑", "商贸", "纺织", "食品", "物流", "软件", "医药", "能源"};
static const char *const STREETS[] = {"中山路", "解放路", "人民路", "建设路", "和平路",
                                      "文化街", "新华街", "东风路", "长安街", "学院路"};
static const char *const PLACEHOLDERS[] = {"000000000000000", "111111111111111111", "999999999999999999",
                                           "123456789012345678"};

static void person_name(struct draw *d, struct subject *out)
{
    uint64_t kind = draw_below(d, 100);
    const char *surname = SURNAMES[draw_below(d, COUNT(SURNAMES))], *first = GIVEN[draw_below(d, COUNT(GIVEN))],
               *second = draw_below(d, 4) ? GIVEN[draw_below(d, COUNT(GIVEN))] : "";
    if (kind < 3)
        snprintf(out->name, sizeof out->name, "%s", LONG_NAMES[draw_below(d, COUNT(LONG_NAMES))]);
    else if (kind < 6)
        snprintf(out->name, sizeof out->name, "%s%s", surname, RARE[draw_below(d, COUNT(RARE))]);
    else
        snprintf(out->name, sizeof out->name, "%s%s%s", surname, first, second);
}

/* One number per index: the multiplier is prime and does not divide the count of numbers. */
static void resident_number(uint64_t index, int32_t day_min, int32_t day_count, int sequence_min, int sequence_count,
                            struct subject *out)
{
    uint64_t count = 16ull * (uint64_t)day_count * (uint64_t)sequence_count, place = index * 2654435761u % count;
    int year, month, day, sequence = sequence_min + (int)(place % (uint64_t)sequence_count);
    place /= (uint64_t)sequence_count;
    out->birth = day_min + (int32_t)(place % (uint64_t)day_count);
    date_to_civil(out->birth, &year, &month, &day);
    memcpy(out->type, "01", 3);
    identity_resident(out->number, 110101 + (int)(place / (uint64_t)day_count), year * 10000 + month * 100 + day,
                      sequence);
    out->sex = sequence % 2 ? 'M' : 'F';
}

static void foreign_document(struct draw *d, uint64_t index, struct subject *out)
{
    unsigned long long serial = 10000000 + index * 7 % 89999999;
    switch (draw_below(d, 5)) {
    case 0: memcpy(out->type, "04", 3), snprintf(out->number, sizeof out->number, "G%08llu", serial); break;
    case 1: memcpy(out->type, "05", 3), snprintf(out->number, sizeof out->number, "军%08llu", serial); break;
    case 2: memcpy(out->type, "06", 3), snprintf(out->number, sizeof out->number, "H%08llu00", serial); break;
    case 3: memcpy(out->type, "07", 3), snprintf(out->number, sizeof out->number, "%08llu", serial); break;
    default: memcpy(out->type, "09", 3), snprintf(out->number, sizeof out->number, "X%llu", serial); break;
    }
}

static void person_of(const struct sample *s, uint64_t index, struct subject *out)
{
    struct draw d = draw_start(s->seed, STREAM_PERSON, index);
    const struct sample_mix *m = &s->mix;
    memset(out, 0, sizeof *out);
    resident_number(index, date_from_civil(1935, 1, 1), 27000, 1, 900, out);
    person_name(&d, out);
    if (m->one_identity || (int64_t)index < m->shared_identity) {
        memcpy(out->number, "110101197001010011", 18);
        out->number[17] = identity_resident_check(out->number);
        return;
    }
    if (draw_chance(&d, m->twin) && index > 0) { /* two people were given the same 15-digit number */
        struct subject other;
        resident_number(index - 1, date_from_civil(1935, 1, 1), 27000, 1, 900, &other);
        if (other.number[6] == '1') identity_resident_15(out->number, other.number), out->birth = other.birth;
    } else if (draw_chance(&d, m->elder)) { /* born in the 1800s: sequences 996-999 */
        resident_number(index, date_from_civil(1880, 1, 1), 7000, 996, 4, out);
        out->elder = true;
    } else if (draw_chance(&d, m->foreign_document)) {
        foreign_document(&d, index, out);
    } else if (draw_chance(&d, m->bad_check)) {
        out->number[17] = out->number[17] == '7' ? '4' : '7';
        out->bad = true;
    } else if (draw_chance(&d, m->placeholder)) {
        snprintf(out->number, sizeof out->number, "%s", PLACEHOLDERS[draw_below(&d, COUNT(PLACEHOLDERS))]);
    }
}

static void company_of(const struct sample *s, uint64_t index, struct subject *out)
{
    struct draw d = draw_start(s->seed, STREAM_COMPANY, index);
    memset(out, 0, sizeof *out);
    memcpy(out->type, "20", 3);
    identity_organisation(out->number, s->mix.one_identity ? 70000005 : index * 7919 % 99999989 + 3);
    snprintf(out->name, sizeof out->name, "北京%s%s%s有限公司", GIVEN[draw_below(&d, COUNT(GIVEN))],
             GIVEN[draw_below(&d, COUNT(GIVEN))], TRADES[draw_below(&d, COUNT(TRADES))]);
    out->sex = ' ';
    out->birth = date_from_civil(1990, 1, 1) + (int32_t)draw_below(&d, 11000);
    if (draw_chance(&d, s->mix.placeholder))
        snprintf(out->number, sizeof out->number, "000000000");
    else if (draw_chance(&d, s->mix.bad_check))
        out->number[8] = out->number[8] == '1' ? '2' : '1';
}

/* ASCII digits and letters from `start` on as full-width characters. */
static void widen(char number[128], size_t start)
{
    char wide[128];
    size_t used = 0;
    for (size_t i = 0; number[i] && used + 4 < sizeof wide; i++) {
        unsigned char c = (unsigned char)number[i];
        if (i < start || c >= 0x80) {
            wide[used++] = number[i];
        } else {
            unsigned code = 0xFF01u + c - 0x21;
            wide[used++] = (char)0xEF;
            wide[used++] = (char)(0x80 | (code >> 6 & 0x3F));
            wide[used++] = (char)(0x80 | (code & 0x3F));
        }
    }
    wide[used] = 0;
    memcpy(number, wide, used + 1);
}

static void insert(char text[128], size_t place, const char *piece)
{
    size_t length = strlen(text), more = strlen(piece);
    if (place > length || length + more >= 100) return;
    memmove(text + place + more, text + place, length - place + 1);
    memcpy(text + place, piece, more);
}

static void vary_resident(struct draw *d, const struct holder *h, bool elder, struct presentation *out)
{
    char short_number[16];
    bool full = strlen(out->number) == 18;
    switch (draw_below(d, 8)) {
    case 0:
    case 1:
        if (!full || (out->number[6] == '2' && !elder)) return;
        identity_resident_15(short_number, out->number);
        memcpy(out->number, short_number, 16);
        return;
    case 2: memcpy(out->type, "02", 3); return;
    case 3: memcpy(out->type, "03", 3); return;
    case 4:
        if (out->number[17] == 'X' && full) out->number[17] = 'x';
        return;
    case 5:
        insert(out->number, 6, full ? "-" : " ");
        if (full) insert(out->number, 15, draw_below(d, 2) ? "-" : ".");
        return;
    case 6: insert(out->number, 0, " "); return;
    default: widen(out->number, h->system == LOAN ? 0 : strlen(out->number) - 4); return;
    }
}

static void vary_company(struct draw *d, uint64_t index, struct presentation *out)
{
    char code[19];
    int area = 110101 + (int)(index % 16);
    if (strcmp(out->number, "000000000") == 0) return;
    switch (draw_below(d, 4)) {
    case 0: insert(out->number, 8, "-"); return;
    case 1:
        identity_tax(code, area, out->number);
        memcpy(out->type, "22", 3);
        break;
    default:
        identity_credit(code, area, out->number);
        memcpy(out->type, "21", 3);
        break;
    }
    memcpy(out->number, code, strlen(code) + 1);
}

static void vary_number(struct draw *d, const struct sample *s, const struct holder *h, bool elder,
                        struct presentation *out)
{
    static const char *const SEPARATORS[] = {"/", "_", "(", ")"};
    size_t length = strlen(out->number);
    if (h->company)
        vary_company(d, h->index, out);
    else if (out->type[1] == '1')
        vary_resident(d, h, elder, out);
    else if (out->type[1] == '6')
        out->number[length - 1] = (char)('0' + draw_below(d, 4)); /* a reissued permit */
    else if (out->type[1] == '7')
        snprintf(out->number + length, 4, "%02u", (unsigned)draw_below(d, 4));
    else if (out->type[1] == '4')
        out->number[0] = 'g';
    else
        insert(out->number, length > 4 ? length - 4 : 0, s->mix.any_separator ? SEPARATORS[h->index % 4] : "/");
}

/* The same name, written differently. */
static void vary_name(struct draw *d, char name[128])
{
    char *dot = strstr(name, "·"), *blank = strchr(name, ' ');
    if (dot) {
        static const char *const dots[] = {"•", "・", "．", "　"};
        char rest[128];
        snprintf(rest, sizeof rest, "%s", dot + strlen("·"));
        snprintf(dot, 128 - (size_t)(dot - name), "%s%s", dots[draw_below(d, 4)], rest);
    } else if (blank) {
        if (draw_below(d, 2)) memmove(blank, blank + 1, strlen(blank));
        for (char *c = name; *c; c++)
            if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    } else if (name[0] >= 'A' && name[0] <= 'Z') {
        widen(name, 0);
    } else {
        /* After the first character. It has three bytes, except the few of four. */
        insert(name, ((unsigned char)name[0]) >= 0xF0 ? 4 : 3, draw_below(d, 2) ? " " : "　");
    }
}

/* A system that cannot write a rare character wrote ? or 〓 in its place. */
static void lose_rare(struct draw *d, char name[128])
{
    for (size_t i = 0; i < COUNT(RARE); i++) {
        char *at = strstr(name, RARE[i]);
        if (!at) continue;
        char rest[128];
        snprintf(rest, sizeof rest, "%s", at + strlen(RARE[i]));
        snprintf(at, 128 - (size_t)(at - name), "%s%s", draw_below(d, 2) ? "?" : "〓", rest);
    }
}

static void present_contact(const struct sample *s, struct draw *d, struct presentation *out)
{
    snprintf(out->phone, sizeof out->phone, "010-%08u", (unsigned)(20000000 + draw_below(d, 69999999)));
    snprintf(out->mobile, sizeof out->mobile, "1%010llu", 3000000000ull + draw_below(d, 6999999999ull));
    snprintf(out->address, sizeof out->address, "北京市%s%u号%u室", STREETS[draw_below(d, COUNT(STREETS))],
             (unsigned)draw_below(d, 400) + 1, (unsigned)draw_below(d, 2800) + 101);
    snprintf(out->zip, sizeof out->zip, "%06u", 100000 + (unsigned)draw_below(d, 900));
    out->opened = date_from_civil(1995, 1, 1) + (int32_t)draw_below(d, 11000);
    if (out->opened > s->business_date) out->opened = s->business_date;
    out->changed = out->opened + (int32_t)draw_below(d, (uint64_t)(s->business_date - out->opened) + 1);
    /* Many records were last touched by the same conversion: ties in the change date do occur. */
    if (draw_below(d, 5) == 0) out->opened = out->changed = date_from_civil(2004, 7, 1);
}

void population_fresh_number(uint64_t serial, char number[128])
{
    struct subject who;
    memset(&who, 0, sizeof who);
    resident_number(200000000 + serial, date_from_civil(1935, 1, 1), 27000, 1, 900, &who);
    snprintf(number, 128, "%s", who.number);
}

void population_present(const struct sample *s, const struct holder *h, struct presentation *out)
{
    struct subject who;
    struct draw d = holder_draw(s, h, STREAM_VIEW);
    memset(out, 0, sizeof *out);
    if (h->company)
        company_of(s, h->index, &who);
    else
        person_of(s, h->index, &who);
    memcpy(out->type, who.type, 3);
    snprintf(out->number, sizeof out->number, "%s", who.number);
    snprintf(out->name, sizeof out->name, "%s", who.name);
    out->customer_type = h->company ? 'C' : 'P';
    out->sex = draw_below(&d, 20) ? who.sex : ' ';
    out->birth = who.birth;
    if (who.elder)
        out->birth = DATE_NONE;
    else if (draw_below(&d, who.bad ? 3 : 20) == 0)
        out->birth = draw_below(&d, 2) ? DATE_NONE : who.birth + 31;
    if (draw_chance(&d, s->mix.number_variant)) vary_number(&d, s, h, who.elder, out);
    if (draw_chance(&d, s->mix.name_variant)) vary_name(&d, out->name);
    if (draw_chance(&d, s->mix.name_variant)) lose_rare(&d, out->name);
    if (draw_chance(&d, s->mix.other_name))
        snprintf(out->name, sizeof out->name, "%s%s", SURNAMES[draw_below(&d, COUNT(SURNAMES))],
                 GIVEN[draw_below(&d, COUNT(GIVEN))]);
    /* A sole trader is a company to retail, with the number of the person. */
    if (h->system == RETAIL && !h->company && draw_below(&d, 60) == 0) out->customer_type = 'C';
    present_contact(s, &d, out);
    snprintf(out->branch, sizeof out->branch, "%s%02d01", s->unit, holder_branch(s, h) + 1);
}
