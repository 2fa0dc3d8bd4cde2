/* Any bytes as a filter and as an order: terms that are within their bounds, or an error with a place. What is taken is bounded
 * by the length. Seeds are in tests/fuzz/corpus/filter. */
#include <stddef.h>
#include <string.h>

#include "core/base/assert.h"
#include "registry/filter.h"

#define BYTES_A_BYTE 4096 /* a list of one text has room for 200 */

static const fv_attribute attributes[] = {
    { "run_name", FV_ATTRIBUTE_TEXT, "r.name" },
    { "start_time", FV_ATTRIBUTE_TIME, "r.started_ms" },
    { "samples", FV_ATTRIBUTE_NUMBER, "r.samples" },
    { NULL, FV_ATTRIBUTE_TEXT, NULL },
};

static int64_t check_name(const fv_filter_name *name) {
    FV_ASSERT((name->on == FV_ON_ATTRIBUTE) == (name->attribute != NULL));
    FV_ASSERT(name->attribute || *name->key);
    return (int64_t)strlen(name->attribute ? name->attribute->name : name->key);
}

static int64_t check_filter(const fv_filter *filter) {
    int64_t sum = 0;
    FV_ASSERT(filter->count >= 0 && filter->count <= FV_FILTER_TERMS_MAX);
    for (int64_t i = 0; i < filter->count; i++) {
        const fv_filter_term *term = &filter->at[i];
        bool none = term->op == FV_OP_NULL || term->op == FV_OP_NOT_NULL, text = fv_filter_is_text(&term->name);
        bool list = term->op == FV_OP_IN || term->op == FV_OP_NOT_IN;
        FV_ASSERT((term->text_count > 0) == (text && !none) && (list || term->text_count <= 1));
        for (int64_t t = 0; t < term->text_count; t++) sum += (int64_t)strlen(term->texts[t]);
        sum += check_name(&term->name);
    }
    return sum;
}

static int64_t check_order(const fv_order *order) {
    int64_t sum = 0;
    FV_ASSERT(order->count >= 0 && order->count <= FV_ORDER_TERMS_MAX);
    for (int64_t i = 0; i < order->count; i++) sum += check_name(&order->at[i].name);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_memory) text = NULL;
    static fv_filter filter;
    static fv_order order;
    fv_error_free(fv_arena_new("fuzz", (int64_t)1 << 30, &arena));
    fv_error_free(fv_memory_alloc((int64_t)size + 1, 1, &text));
    memcpy(text, data, size); /* and a NUL */
    fv_error *error = fv_filter_parse(text, attributes, arena, &filter);
    volatile int64_t sum = error ? 0 : check_filter(&filter);
    fv_error_free(error);
    error = fv_order_parse(text, attributes, arena, &order);
    sum += error ? 0 : check_order(&order);
    (void)sum;
    fv_error_free(error);
    FV_ASSERT(fv_arena_used(arena) <= BYTES_A_BYTE * (int64_t)size + 65536);
    return 0;
}
