/* Used to check the export, not part of it: pictures on standard input, their probabilities on standard output. */
#include "lenet.h"

#include <stdio.h>

int main(void)
{
    static uint8_t pixels[LENET_PIXELS];
    static float probabilities[LENET_CLASSES];
    while (fread(pixels, 1, sizeof pixels, stdin) == sizeof pixels) {
        if (lenet_classify(pixels, probabilities) < 0 ||
            fwrite(probabilities, sizeof probabilities, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}
