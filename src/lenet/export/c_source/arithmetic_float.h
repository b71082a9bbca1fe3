/* Plain float; part of lenet.c. */

typedef float value_t;
typedef float weight_t;
typedef float sum_t;

typedef struct {
    const weight_t *kernel;
    const sum_t *bias;
} layer_t;

static const layer_t conv1 = {conv1_kernel, conv1_bias};
static const layer_t conv2 = {conv2_kernel, conv2_bias};
static const layer_t dense1 = {dense1_kernel, dense1_bias};
static const layer_t dense2 = {dense2_kernel, dense2_bias};

/* Pixels from 0...255 to 0...1. */
static const value_t *prepare(const uint8_t *pixels, value_t *buffer)
{
    int index;
    for (index = 0; index < LENET_PIXELS; index++) {
        buffer[index] = (float)pixels[index] * (1.0f / 255.0f);
    }
    return buffer;
}

/* Four sums side by side: quicker, and each rounds less often. */
static sum_t dot(const value_t *values, const weight_t *weights, long count)
{
    sum_t sums[4] = {0, 0, 0, 0};
    for (; count >= 4; count -= 4, values += 4, weights += 4) {
        sums[0] += values[0] * weights[0];
        sums[1] += values[1] * weights[1];
        sums[2] += values[2] * weights[2];
        sums[3] += values[3] * weights[3];
    }
    for (; count > 0; count--) {
        sums[0] += *values++ * *weights++;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static value_t rectify(const layer_t *layer, int row, sum_t sum)
{
    (void)layer;
    (void)row;
    return sum > 0 ? sum : 0;
}

static float worth(int class_index, sum_t sum)
{
    (void)class_index;
    return sum;
}
