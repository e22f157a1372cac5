/* SPDX-License-Identifier: MIT */
/*
 * replay - runs a fuzz target over the files of the folders given, without libFuzzer
 *
 * Fails when there is nothing to run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX      (1024 * 1024)
#define PATH_MAX_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target gets memory of exactly the input's size: one byte too far is seen by ASan. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(INPUT_MAX), *input;
	size_t n;

	if (!file || !data) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	n = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	input = malloc(n ? n : 1);
	if (!input)
		exit(1);
	memcpy(input, data, n);
	free(data);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, n);
	free(input);
	return 1;
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	if (!dir) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		exit(1);
	}
	while ((entry = readdir(dir))) {
		char path[PATH_MAX_BYTES];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count += replay_file(path);
	}
	closedir(dir);
	return count;
}

int main(int argc, char *argv[])
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay_folder(argv[i]);
	printf("%d inputs\n", count);
	return count ? 0 : 1;
}
