/* page.c - the pieces of a page. Markup is written here and nowhere else, so that nothing gets around the escaping. */
#include "plot/page.h"

#include <string.h>

#include "core/base/memory.h"
#include "plot/base64.h"
#include "plot/jpeg.h"

#define PARAGRAPH_BYTES_MAX (1 << 20)
#define SENTENCE 60 /* letters of a cell that are one */
#define PICTURE_BYTES_MAX (INT64_C(1) << 26)

/* Charts are dark on white in a dark page too: they are printed and passed on. */
static const char style[] =
    ":root{color-scheme:light dark;--ink:#222;--faint:#666;--paper:#fff;--card:#f6f6f4;--line:#ddd;--right:#0072b2;"
    "--wrong:#b84400}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--faint:#a0a0a0;--paper:#181818;--card:#232323;--line:#3c3c3c;"
    "--right:#6bbcf0;--wrong:#ff9a5c}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:64rem;font:16px/1.5 system-ui,Helvetica,Arial,sans-serif;"
    "color:var(--ink);background:var(--paper)}\n"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}\n"
    "h3{font-size:1rem;margin:1.5rem 0 .25rem}\n"
    "p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}\n"
    ".note{border-left:4px solid var(--wrong);padding:.25rem .75rem;background:var(--card)}\n"
    "pre{background:var(--card);padding:.75rem;overflow-x:auto;font-size:.8rem;line-height:1.4}\n"
    ".scroll{overflow-x:auto;margin:.75rem 0}\n"
    "table{border-collapse:collapse;font-size:.9rem}\n"
    "th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;"
    "max-width:24rem;overflow-wrap:anywhere}\n"
    "th{font-weight:600;vertical-align:bottom}\n"
    "th:not(.n),td:not(.n){min-width:6.5rem}\n"
    "th:first-child,td:first-child{min-width:8rem}\n"
    "td.s{min-width:16rem}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".figures{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0}\n"
    ".figures div{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;"
    "flex:1 1 10rem;max-width:15rem}\n"
    ".figures b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}\n"
    ".figures span{display:block}\n"
    ".figures small{display:block;color:var(--faint);font-size:.78rem}\n"
    ".row{display:flex;flex-wrap:wrap;gap:.75rem;margin:.75rem 0;align-items:flex-start}\n"
    ".chart{overflow-x:auto;max-width:100%;border:1px solid var(--line);border-radius:4px;line-height:0}\n"
    ".chart svg{max-width:100%;height:auto}\n"
    ".wide svg{max-width:none}\n"
    "figure{margin:0}\n"
    "figure img{display:block;margin:0 auto;image-rendering:pixelated;background:#888}\n"
    "figure.photo img{image-rendering:auto}\n"
    "figcaption{font-size:.8rem;line-height:1.3;text-align:center;margin-top:.25rem;overflow-wrap:anywhere}\n"
    "figure.wrong img{outline:3px solid var(--wrong)}\n"
    ".right b,.right figcaption{color:var(--right)}\n"
    ".wrong b,.wrong figcaption{color:var(--wrong)}\n"
    "summary{cursor:pointer;color:var(--right);margin:.5rem 0}\n"
    "@media print{body{max-width:none}.figures div,.chart,figure,tr{break-inside:avoid}}\n";

static const char *const tones[] = { "", "right", "wrong" };

void fv_page_begin(fv_text *out, const char *title) {
    fv_text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                     "style-src 'unsafe-inline'\">\n<title>");
    fv_text_add_xml(out, title);
    fv_text_add(out, "</title>\n<style>\n");
    fv_text_add(out, style);
    fv_text_add(out, "</style>\n</head>\n<body>\n<h1>");
    fv_text_add_xml(out, title);
    fv_text_add(out, "</h1>\n");
}

void fv_page_end(fv_text *out) { fv_text_add(out, "</body>\n</html>\n"); }

/* <NAME>escaped text</NAME> */
static void add_element(fv_text *out, const char *name, const char *text) {
    fv_text_addf(out, "<%s>", name);
    fv_text_add_xml(out, text);
    fv_text_addf(out, "</%s>\n", name);
}

void fv_page_section(fv_text *out, const char *heading) { add_element(out, "h2", heading); }
void fv_page_part(fv_text *out, const char *heading) { add_element(out, "h3", heading); }

static void add_paragraph(fv_text *out, const char *opening, const char *format, va_list arguments) {
    FV_TEXT(text, PARAGRAPH_BYTES_MAX);
    fv_text_addv(&text, format, arguments);
    fv_text_add(out, opening);
    fv_text_add_xml(out, text.at);
    fv_text_fail(out, fv_text_error(&text));
    fv_text_add(out, "</p>\n");
}

void fv_page_text(fv_text *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_paragraph(out, "<p>", format, arguments);
    va_end(arguments);
}

void fv_page_note(fv_text *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_paragraph(out, "<p class=\"note\">", format, arguments);
    va_end(arguments);
}

/* Escaped piece by piece; `between` stands for the dividers. A line break, as a control, would not be shown. */
static void add_pieces(fv_text *out, const char *text, char divider, const char *between) {
    for (const char *at = text, *end; *at; at = end) {
        FV_TEXT(piece, PARAGRAPH_BYTES_MAX);
        end = strchrnul(at, divider);
        fv_text_add_bytes(&piece, at, end - at);
        fv_text_add_xml(out, piece.at);
        fv_text_fail(out, fv_text_error(&piece));
        if (*end) fv_text_add(out, between);
        end += *end != 0;
    }
}

/* Lines, of paths that may break behind a '/'. */
static void add_caption(fv_text *out, const char *text) {
    for (const char *at = text, *end; *at; at = end) {
        FV_TEXT(line, PARAGRAPH_BYTES_MAX);
        end = strchrnul(at, '\n');
        fv_text_add_bytes(&line, at, end - at);
        add_pieces(out, line.at, '/', "/<wbr>");
        fv_text_fail(out, fv_text_error(&line));
        if (*end) fv_text_add(out, "<br>");
        end += *end != 0;
    }
}

void fv_page_code(fv_text *out, const char *text) {
    fv_text_add(out, "<pre>");
    add_pieces(out, text, '\n', "\n");
    fv_text_add(out, "</pre>\n");
}

void fv_page_fold(fv_text *out, const char *summary) {
    fv_text_add(out, "<details>\n");
    add_element(out, "summary", summary);
}
void fv_page_fold_end(fv_text *out) { fv_text_add(out, "</details>\n"); }

/* ---- tables ---- */

/* A sentence gets room, so that it does not stand in a column of single words where the screen is narrow. */
static void add_cell(fv_text *out, const char *name, const fv_column *column, const char *text) {
    const char *kind = column->number ? " class=\"n\"" : text && strlen(text) > SENTENCE ? " class=\"s\"" : "";
    fv_text_addf(out, "<%s%s>", name, kind);
    if (text) fv_text_add_xml(out, text);
    fv_text_addf(out, "</%s>", name);
}

void fv_page_table(fv_text *out, const fv_column *columns, int64_t column_count, const char *const *cells, int64_t rows) {
    fv_text_add(out, "<div class=\"scroll\"><table>\n<thead><tr>");
    for (int64_t c = 0; c < column_count; c++) add_cell(out, "th", &columns[c], columns[c].heading);
    fv_text_add(out, "</tr></thead>\n<tbody>\n");
    for (int64_t r = 0; r < rows; r++) {
        fv_text_add(out, "<tr>");
        for (int64_t c = 0; c < column_count; c++) add_cell(out, "td", &columns[c], cells[r * column_count + c]);
        fv_text_add(out, "</tr>\n");
    }
    fv_text_add(out, "</tbody>\n</table></div>\n");
}

/* ---- figures ---- */

void fv_page_figures(fv_text *out) { fv_text_add(out, "<div class=\"figures\">\n"); }
void fv_page_figures_end(fv_text *out) { fv_text_add(out, "</div>\n"); }

void fv_page_figure(fv_text *out, const char *value, const char *name, const char *note, fv_tone tone) {
    fv_text_addf(out, "<div class=\"%s\">", tones[tone]);
    add_element(out, "b", value);
    add_element(out, "span", name);
    if (note) add_element(out, "small", note);
    fv_text_add(out, "</div>\n");
}

/* ---- charts and pictures ---- */

void fv_page_row(fv_text *out) { fv_text_add(out, "<div class=\"row\">\n"); }
void fv_page_row_end(fv_text *out) { fv_text_add(out, "</div>\n"); }

void fv_page_chart(fv_text *out, const fv_text *svg, bool wide) {
    fv_text_add(out, wide ? "<div class=\"chart wide\">" : "<div class=\"chart\">");
    fv_text_add_bytes(out, svg->at, svg->length);
    fv_text_add(out, "</div>\n");
}

/* What is shown enlarged is stored as it is, and the reader's screen repeats its pixels; what is larger is stored reduced, as a
 * photograph is. */
static fv_error *encode(const fv_picture *picture, int64_t height, int64_t width, const char **type, fv_text *bytes) {
    if (height >= picture->height) {
        *type = "png";
        return fv_picture_to_png(picture, bytes);
    }
    uint8_t *rgb;
    *type = "jpeg";
    FV_TRY(fv_memory_alloc(height * width, 3, (void **)&rgb));
    fv_picture_scale(picture, height, width, rgb);
    fv_error *error = fv_picture_to_jpeg(&(fv_picture){ rgb, height, width, 3 }, bytes);
    fv_memory_free(rgb);
    return error;
}

fv_error *fv_page_picture(fv_text *out, const fv_picture *picture, int64_t box, const char *caption, fv_tone tone) {
    FV_TEXT(bytes, PICTURE_BYTES_MAX);
    const char *type;
    int64_t height, width;
    fv_picture_fit(picture, box, &height, &width);
    FV_TRY(encode(picture, height, width, &type, &bytes));
    fv_text_addf(out, "<figure class=\"%s %s\" style=\"width:%lldpx\">", height > picture->height ? "pixels" : "photo",
                 tones[tone], (long long)box);
    fv_text_addf(out, "<img width=\"%lld\" height=\"%lld\" alt=\"\" src=\"data:image/%s;base64,", (long long)width,
                 (long long)height, type);
    fv_add_base64(out, bytes.at, bytes.length);
    fv_text_add(out, "\"><figcaption>");
    add_caption(out, caption);
    fv_text_add(out, "</figcaption></figure>\n");
    return NULL;
}
