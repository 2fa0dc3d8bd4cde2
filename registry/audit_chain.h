/* audit_chain.h - what the writing and the checking of the audit log share: key, head, and the hash of a row.
 *
 *   audit.key    64 hexadecimal letters, for its owner alone to read, or for the group that has the workspace
 *   audit.head   "ROWS MAC SEAL": so many rows were committed, the last with that MAC; SEAL is the keyed hash of both
 *   audit.next   a key and, in a second line, a head: of a new chain, or of another database, that is about to be. They are in
 *                force from the instant when the database has the row that the head tells of; soon after they are moved to
 *                the other two, so that there is never a database without its key
 *
 * The MAC of a row is the keyed BLAKE2b-256 of the MAC before it (64 zeroes for the first of a chain) and its columns in their
 * order, all as text, each behind its length as 8 bytes, little-endian. A chain begins with the log, or with a row
 * audit.restart, whose subject is the unkeyed hash of every row before it, MACs included. */
#ifndef FV_REGISTRY_AUDIT_CHAIN_H
#define FV_REGISTRY_AUDIT_CHAIN_H

#include <sodium.h>

#include "fovea/care.h"
#include "registry/database.h"

#define FV_AUDIT_RESTART "audit.restart"
#define FV_MAC_LETTERS FV_DIGEST_LETTERS

typedef struct fv_audit_key {
    uint8_t bytes[crypto_generichash_KEYBYTES];
} fv_audit_key;

typedef struct fv_audit_head {
    int64_t rows;
    char mac[FV_MAC_LETTERS];
} fv_audit_head;

#define FV_AUDIT_FIRST_MAC "0000000000000000000000000000000000000000000000000000000000000000"

void fv_audit_mac(const fv_audit_key *key, const char *previous, const fv_audit_row *row, char mac[FV_MAC_LETTERS]);

/* Rows as one lump. */
void fv_audit_lump_begin(crypto_generichash_state *lump);
void fv_audit_lump_add(crypto_generichash_state *lump, const fv_audit_row *row, const char *mac);
void fv_audit_lump_end(crypto_generichash_state *lump, char digest[FV_DIGEST_LETTERS]);

/* `found` false: there is no such file. FV_FORMAT: it is none of ours, or not sealed by this key. */
FV_MUST_USE fv_error *fv_audit_read_head(const char *folder, const fv_audit_key *key, fv_audit_head *head, bool *found);
FV_MUST_USE fv_error *fv_audit_write_head(const char *folder, const fv_audit_key *key, const fv_audit_head *head);
/* A new key with this head: the head first, so that a key has one. */
FV_MUST_USE fv_error *fv_audit_make_key(const char *folder, const fv_audit_head *head, const fv_audit_key *key);
FV_MUST_USE fv_error *fv_audit_key_is_gone(const char *folder);

/* The key in force by what a connection sees of the log. FV_FORMAT: a file is none of ours. */
typedef struct fv_audit_proof {
    fv_audit_key key;
    bool found;         /* false: there is none */
    bool is_next;       /* it is still in audit.next, with this head */
    fv_audit_head head; /* of that */
} fv_audit_proof;
FV_MUST_USE fv_error *fv_audit_find_key(fv_connection *connection, const char *folder, fv_audit_proof *out);

/* Before the database has the row that the head tells of; what audit.next holds already is forgotten. */
FV_MUST_USE fv_error *fv_audit_write_next(const char *folder, const fv_audit_head *head, const fv_audit_key *key);
/* Once the database has that row: key and head get to their places, and audit.next goes. */
FV_MUST_USE fv_error *fv_audit_put_next(const char *folder, const fv_audit_head *head, const fv_audit_key *key);
/* Moves what audit.next holds to its place when it is in force, and removes it otherwise. In a write transaction in which
 * nothing was written: all that is seen has been committed. */
FV_MUST_USE fv_error *fv_audit_settle(fv_connection *connection, const char *folder);

/* Whether the log has the row that a head tells of; the head of no rows fits every log. */
FV_MUST_USE fv_error *fv_audit_has_head(fv_connection *connection, const fv_audit_head *head, bool *out);

#define FV_AUDIT_COLUMNS "id, time_ms, actor, action, subject, details, mac"
/* The next columns, borrowed until the next row. */
void fv_audit_read_row(fv_query *query, fv_audit_row *row, const char **mac);

/* The last row's number and MAC as the connection sees them; 0 and zeroes without rows. */
FV_MUST_USE fv_error *fv_audit_last(fv_connection *connection, fv_audit_head *out);

#endif
