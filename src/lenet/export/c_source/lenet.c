/* LeNet, as lenet.h says; made by `lenet export`. */
#include "lenet.h"

#include <math.h>
#include <stddef.h>

#include "weights.h"

#include "arithmetic.h"

enum { HEIGHT1 = LENET_HEIGHT / 2, WIDTH1 = LENET_WIDTH / 2, HEIGHT2 = HEIGHT1 / 2, WIDTH2 = WIDTH1 / 2 };

/* Two layers' activations lie in memory at a time: one is read, the other written. */
static value_t buffer_a[BUFFER_A], buffer_b[BUFFER_B];

/* How much the last picture looks like some class: the highest logit. */
static float score;

typedef char ram_is_as_the_header_says[sizeof buffer_a + sizeof buffer_b + sizeof score == LENET_RAM_BYTES ? 1 : -1];
typedef char flash_is_as_the_header_says[sizeof lenet_labels + WEIGHT_BYTES == LENET_FLASH_BYTES ? 1 : -1];

/* One filter around one pixel; what lies outside the picture is 0. */
static sum_t convolve(const layer_t *layer, int filter, const value_t *input, int height, int width, int depth, int row,
                      int column)
{
    const int top = row - (KERNEL_SIZE - 1) / 2, left = column - (KERNEL_SIZE - 1) / 2;
    const int first = left < 0 ? -left : 0;
    const int end = left + KERNEL_SIZE > width ? width - left : KERNEL_SIZE;
    const weight_t *kernel = layer->kernel + (ptrdiff_t)filter * KERNEL_SIZE * KERNEL_SIZE * depth;
    sum_t sum = layer->bias[filter];
    int y;
    for (y = 0; y < KERNEL_SIZE; y++) {
        if (top + y >= 0 && top + y < height) {
            const value_t *values = input + ((ptrdiff_t)(top + y) * width + left + first) * depth;
            sum += dot(values, kernel + ((ptrdiff_t)y * KERNEL_SIZE + first) * depth, (long)(end - first) * depth);
        }
    }
    return sum;
}

/* Convolution, 2x2 max-pooling and ReLU in one go, so that the full-size feature maps are never kept. */
static void convolve_and_pool(const layer_t *layer, int filters, const value_t *input, int height, int width, int depth,
                              value_t *output)
{
    int row, column, filter, corner;
    for (row = 0; row < height / 2; row++) {
        for (column = 0; column < width / 2; column++) {
            for (filter = 0; filter < filters; filter++) {
                sum_t highest = convolve(layer, filter, input, height, width, depth, 2 * row, 2 * column);
                for (corner = 1; corner < 4; corner++) {
                    const sum_t sum = convolve(layer, filter, input, height, width, depth, 2 * row + corner / 2,
                                               2 * column + corner % 2);
                    if (sum > highest) {
                        highest = sum;
                    }
                }
                *output++ = rectify(layer, filter, highest);
            }
        }
    }
}

int lenet_classify(const uint8_t *pixels, float *probabilities)
{
    const long flat = (long)HEIGHT2 * WIDTH2 * FILTERS2;
    int unit, class_index, best = 0;
    float highest = 0, total = 0;
    const value_t *input = prepare(pixels, buffer_b);

    convolve_and_pool(&conv1, FILTERS1, input, LENET_HEIGHT, LENET_WIDTH, LENET_DEPTH, buffer_a);
    convolve_and_pool(&conv2, FILTERS2, buffer_a, HEIGHT1, WIDTH1, FILTERS1, buffer_b);
    for (unit = 0; unit < UNITS; unit++) {
        buffer_a[unit] = rectify(&dense1, unit, dense1.bias[unit] + dot(buffer_b, dense1.kernel + unit * flat, flat));
    }
    for (class_index = 0; class_index < LENET_CLASSES; class_index++) {
        const weight_t *kernel = dense2.kernel + (ptrdiff_t)class_index * UNITS;
        const float logit = worth(class_index, dense2.bias[class_index] + dot(buffer_a, kernel, UNITS));
        if (class_index == 0 || logit > highest) {
            highest = logit;
            best = class_index;
        }
        if (probabilities) {
            probabilities[class_index] = logit;
        }
    }
    score = highest;
    if (probabilities) {
        for (class_index = 0; class_index < LENET_CLASSES; class_index++) {
            probabilities[class_index] = expf(probabilities[class_index] - highest);
            total += probabilities[class_index];
        }
        for (class_index = 0; class_index < LENET_CLASSES; class_index++) {
            probabilities[class_index] /= total;
        }
    }
    return best;
}

int lenet_unknown(void)
{
    return score < unknown_threshold;
}
