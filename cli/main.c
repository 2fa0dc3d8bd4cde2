/* main.c - the program. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 2 || strcmp(argv[1], "version")) {
        fputs("usage: fovea version\n", stderr);
        return 2;
    }
    puts("fovea " FOVEA_VERSION);
    return 0;
}
