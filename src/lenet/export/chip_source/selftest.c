/* Tests that lenet.c computes the same on this machine as where it was exported: `cc lenet.c selftest.c`.
 * Exit status 0 if it does. */
#include "lenet.h"

#include <stdio.h>

#include "pictures.h"

int main(void)
{
    int number, failures = 0;
    for (number = 0; number < PICTURES; number++) {
        const int found = lenet_classify(pictures[number]);
        if (found != picture_classes[number] || lenet_scores[found] != picture_scores[number]) {
            printf("picture %d: wrong, one of %s\n", number, lenet_labels[picture_classes[number]]);
            failures++;
        }
    }
    printf("lenet self-test: %d of %d pictures as exported\n", PICTURES - failures, PICTURES);
    return failures != 0;
}
