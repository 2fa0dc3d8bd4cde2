/* access.c - see access.h. */
#include "serve/access.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/memory.h"

#define SECRET_BYTES_MAX 512

struct fv_access_book {
    pthread_mutex_t lock;
    fv_registry *registry;
    bool open_to_all;
    fv_token_list list;
};

fv_error *fv_access_book_new(fv_registry *registry, bool open_to_all, fv_access_book **out) {
    FV_OWNED(fv_access_book) book = NULL;
    FV_TRY(fv_memory_new(1, &book));
    pthread_mutex_init(&book->lock, NULL);
    book->registry = registry;
    book->open_to_all = open_to_all;
    FV_TRY(fv_access_read(book));
    *out = fv_take(&book);
    return NULL;
}

void fv_access_book_free(fv_access_book *book) {
    if (!book) return;
    fv_token_list_release(&book->list);
    pthread_mutex_destroy(&book->lock);
    fv_memory_free(book);
}

fv_error *fv_access_read(fv_access_book *book) {
    fv_token_list list = { 0 };
    if (!book->registry) return NULL;
    FV_TRY(fv_tokens_list(book->registry, &list));
    pthread_mutex_lock(&book->lock);
    fv_token_list old = book->list;
    book->list = list;
    pthread_mutex_unlock(&book->lock);
    fv_token_list_release(&old);
    return NULL;
}

bool fv_access_has_tokens(fv_access_book *book) {
    pthread_mutex_lock(&book->lock);
    bool any = book->list.count > 0;
    pthread_mutex_unlock(&book->lock);
    return any;
}

/* The secret that the header shows; NULL: none. Basic is what curl and browsers can send: any name, the secret as password. */
static const char *secret_of(const char *shown, char room[SECRET_BYTES_MAX]) {
    size_t length;
    if (!shown) return NULL;
    if (!strncasecmp(shown, "Bearer ", 7)) return shown + 7 + strspn(shown + 7, " ");
    if (strncasecmp(shown, "Basic ", 6) != 0) return "";
    shown += 6 + strspn(shown + 6, " ");
    if (sodium_base642bin((unsigned char *)room, SECRET_BYTES_MAX - 1, shown, strlen(shown), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL))
        return "";
    room[length] = 0;
    const char *colon = strchr(room, ':');
    return colon ? colon + 1 : "";
}

fv_access fv_access_ask(fv_access_book *book, const char *shown, const char *subject, fv_token_role role, bool local,
                        char name[FV_ACCESS_NAME]) {
    char room[SECRET_BYTES_MAX];
    struct timespec now;
    const fv_token *token = NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    fv_token_request request = { .secret = secret_of(shown, room), .subject = subject, .role = role };
    request.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    pthread_mutex_lock(&book->lock);
    request.local = local || book->open_to_all;
    fv_access access = fv_token_check(&book->list, &request, &token);
    snprintf(name, FV_ACCESS_NAME, "%s", token ? token->name : "");
    pthread_mutex_unlock(&book->lock);
    sodium_memzero(room, sizeof room);
    return access;
}
