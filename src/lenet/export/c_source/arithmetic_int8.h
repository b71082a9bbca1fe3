/* 8-bit integers, 32-bit sums; part of lenet.c.
 * Activations are never negative (pixels, then ReLU), so all 8 bits are theirs. */

typedef uint8_t value_t;
typedef int8_t weight_t;
typedef int32_t sum_t;

typedef struct {
    const weight_t *kernel;
    const sum_t *bias;
    const int32_t *multiplier;
    const uint8_t *shift;
} layer_t;

static const layer_t conv1 = {conv1_kernel, conv1_bias, conv1_multiplier, conv1_shift};
static const layer_t conv2 = {conv2_kernel, conv2_bias, conv2_multiplier, conv2_shift};
static const layer_t dense1 = {dense1_kernel, dense1_bias, dense1_multiplier, dense1_shift};
static const layer_t dense2 = {dense2_kernel, dense2_bias, NULL, NULL};

/* Pixels are 8-bit integers already; their scale is part of the first layer's. */
static const value_t *prepare(const uint8_t *pixels, value_t *buffer)
{
    (void)buffer;
    return pixels;
}

static sum_t dot(const value_t *values, const weight_t *weights, long count)
{
    sum_t sum = 0;
    long index;
    for (index = 0; index < count; index++) {
        sum += (sum_t)values[index] * weights[index];
    }
    return sum;
}

/* ReLU, and scaling to 8 bits: a multiplication and a shift stand for the division by the next layer's scale. */
static value_t rectify(const layer_t *layer, int row, sum_t sum)
{
    int64_t scaled;
    if (sum <= 0) {
        return 0;
    }
    scaled = (int64_t)sum * layer->multiplier[row] + ((int64_t)1 << (layer->shift[row] - 1));
    scaled >>= layer->shift[row];
    return scaled > 255 ? 255 : (value_t)scaled;
}

static float worth(int class_index, sum_t sum)
{
    return (float)sum * dense2_scale[class_index];
}
