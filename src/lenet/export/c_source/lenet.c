/* A trained network, as lenet.h describes it; made by `lenet export`. */
#include "lenet.h"

#include <math.h>
#include <stddef.h>

/* One line of the layer table in weights.h: a convolution or dense layer with its activation and pooling. Maps lie in
 * memory row by row, channels last. A dense layer is a convolution with a kernel of 1x1 over an input of 1x1. */
typedef struct {
    int32_t height, width, depth; /* of the input */
    int32_t kernel_size, stride;
    int32_t top, left;             /* zeros above and before the input */
    int32_t rows, columns, filters; /* of the output, after pooling */
    int32_t pool_size;             /* side of the squares; 1 without pooling */
    int32_t pool_averages;         /* 1 for average pooling, 0 for max-pooling */
} shape_t;

#include "arithmetic.h"

#include "weights.h"

/* The outputs of two layers are in memory at a time: one is read while the other is written. */
static value_t buffer_a[BUFFER_A], buffer_b[BUFFER_B];

/* How much the last picture looks like one of the classes: its highest logit. */
static float score;

typedef char ram_is_as_the_header_says[sizeof buffer_a + sizeof buffer_b + sizeof score == LENET_RAM_BYTES ? 1 : -1];
typedef char flash_is_as_the_header_says[sizeof lenet_labels + WEIGHT_BYTES == LENET_FLASH_BYTES ? 1 : -1];

/* One filter at one place of the input, before the activation; outside the input is 0. */
static sum_t compute(const layer_t *layer, const value_t *input, int32_t row, int32_t column, int32_t filter)
{
    const shape_t *const shape = &layer->shape;
    const int32_t size = shape->kernel_size, depth = shape->depth;
    const int32_t top = row * shape->stride - shape->top, left = column * shape->stride - shape->left;
    const int32_t first = left < 0 ? -left : 0;
    const int32_t end = left + size > shape->width ? shape->width - left : size;
    const weight_t *kernel;
    sum_t sum;
    int32_t y;
    if (!layer->kernel) {
        return take(layer, input[(top * shape->width + left) * depth + filter]);
    }
    kernel = layer->kernel + filter * size * size * depth;
    sum = layer->bias[filter];
    for (y = 0; y < size; y++) {
        if (top + y >= 0 && top + y < shape->height) {
            const value_t *values = input + ((top + y) * shape->width + left + first) * depth;
            sum += dot(layer, values, kernel + (y * size + first) * depth, (end - first) * depth);
        }
    }
    return sum;
}

/* One output value. Pooling is done here, so that the full-size maps are never kept. Activations are monotone: the
 * highest sum gives the highest value. */
static value_t pool(const layer_t *layer, const value_t *input, int32_t row, int32_t column, int32_t filter)
{
    const int32_t size = layer->shape.pool_size;
    sum_t highest = 0, total = 0;
    int32_t place;
    for (place = 0; place < size * size; place++) {
        const sum_t sum = compute(layer, input, row * size + place / size, column * size + place % size, filter);
        if (layer->shape.pool_averages) {
            total += activate(layer, filter, sum);
        } else if (place == 0 || sum > highest) {
            highest = sum;
        }
    }
    return layer->shape.pool_averages ? average(total, size * size) : activate(layer, filter, highest);
}

static void run(const layer_t *layer, const value_t *input, value_t *output)
{
    int32_t row, column, filter;
    for (row = 0; row < layer->shape.rows; row++) {
        for (column = 0; column < layer->shape.columns; column++) {
            for (filter = 0; filter < layer->shape.filters; filter++) {
                *output++ = pool(layer, input, row, column, filter);
            }
        }
    }
}

int lenet_classify(const uint8_t *pixels, float *probabilities)
{
    const layer_t *const last = &layers[LAYERS - 1];
    const layer_t *layer;
    const value_t *input = prepare(pixels, buffer_b);
    value_t *output = buffer_a;
    int class_index, best = 0;
    float highest = 0, total = 0;

    for (layer = layers; layer < last; layer++) {
        run(layer, input, output);
        input = output;
        output = output == buffer_a ? buffer_b : buffer_a;
    }
    for (class_index = 0; class_index < LENET_CLASSES; class_index++) {
        const float logit = dequantize(last, class_index, compute(last, input, 0, 0, class_index));
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
