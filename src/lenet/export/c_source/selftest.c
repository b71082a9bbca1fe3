/* Tests that lenet.c computes the same on this machine as where it was exported: `cc lenet.c selftest.c -lm`.
 * Exit status 0 if it does. */
#include "lenet.h"

#include <stdio.h>

#include "vectors.h"

int main(void)
{
    static float found[LENET_CLASSES];
    int vector, class_index, failures = 0;
    for (vector = 0; vector < VECTORS; vector++) {
        int right = lenet_classify(vector_pixels[vector], found) == vector_classes[vector];
        for (class_index = 0; class_index < LENET_CLASSES; class_index++) {
            const float off = found[class_index] - vector_probabilities[vector][class_index];
            right = right && off < 1e-4f && off > -1e-4f;
        }
        if (!right) {
            printf("vector %d: wrong, a picture of %s\n", vector, lenet_labels[vector_classes[vector]]);
            failures++;
        }
    }
    printf("lenet self-test: %d of %d vectors right\n", VECTORS - failures, VECTORS);
    return failures != 0;
}
