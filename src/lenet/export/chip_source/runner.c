/* Used to check the export, not part of it: pictures on standard input, their scores on standard output. */
#include "lenet.h"

#include <stdio.h>

int main(void)
{
    static uint8_t pixels[LENET_PIXELS];
    while (fread(pixels, 1, sizeof pixels, stdin) == sizeof pixels) {
        if (lenet_classify(pixels) < 0 || fwrite(lenet_scores, sizeof lenet_scores, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}
