/* pages.c - pages for people: one to drop a picture on, one that shows how the server does. They hold nothing but themselves:
 * what they show they ask for, with the token that their reader has. */
#include <string.h>

#include "serve/route.h"
#include "serve/web_files.h"

static fv_error *give(fv_request *r, const char *name) {
    for (int i = 0; i < fv_web_count; i++) {
        const fv_web_file *page = &fv_web_table[i];
        if (strcmp(page->name, name) != 0) continue;
        r->reply.status = 200;
        r->reply.type = page->type;
        r->reply.constant = page->bytes;
        r->reply.constant_length = page->length;
        return NULL;
    }
    return fv_fail(FV_NOT_FOUND, "there is no page \"%s\"", name);
}

static fv_error *front(fv_request *r) { return give(r, "predict.html"); }
static fv_error *dashboard(fv_request *r) { return give(r, "dashboard.html"); }
static fv_error *asset(fv_request *r) { return give(r, fv_request_value(r, "file")); }

const fv_route fv_route_page_predict = {
    .name = "page predict",
    .summary = "a page to drop a picture on",
    .method = "GET",
    .path = "/",
    .open = true,
    .answers = "text/html",
    .handle = front,
};

const fv_route fv_route_page_dashboard = {
    .name = "page dashboard",
    .summary = "a page that shows latency, throughput, classes and versions",
    .method = "GET",
    .path = "/dashboard",
    .open = true,
    .answers = "text/html",
    .handle = dashboard,
};

const fv_route fv_route_page_asset = {
    .name = "page asset",
    .summary = "a script or a style of the pages",
    .method = "GET",
    .path = "/assets/{file}",
    .open = true,
    .answers = "*/*",
    .handle = asset,
};
