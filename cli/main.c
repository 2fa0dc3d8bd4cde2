/* main.c - the program. */
#include "cli/command.h"

int main(int argc, char **argv) { return fv_command_main(argc, (const char *const *)argv); }
