/* Floating point; part of lenet.c. */

typedef float value_t;
typedef float weight_t;
typedef float sum_t;

enum { NO_ACTIVATION, RELU, TANH, SIGMOID };

typedef struct {
    shape_t shape;
    const weight_t *kernel; /* one row for each filter or unit; a null pointer for a layer without weights */
    const sum_t *bias;
    int activation;
} layer_t;

/* Pixels from 0...255 to 0...1. */
static const value_t *prepare(const uint8_t *pixels, value_t *buffer)
{
    int32_t index;
    for (index = 0; index < LENET_PIXELS; index++) {
        buffer[index] = (float)pixels[index] * (1.0f / 255.0f);
    }
    return buffer;
}

/* Four sums side by side: faster, and each rounds less often. */
static sum_t dot(const layer_t *layer, const value_t *values, const weight_t *weights, int32_t count)
{
    sum_t sums[4] = {0, 0, 0, 0};
    (void)layer;
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

/* A single input value as a sum. */
static sum_t take(const layer_t *layer, value_t value)
{
    (void)layer;
    return value;
}

/* The activation function. */
static value_t activate(const layer_t *layer, int32_t row, sum_t sum)
{
    (void)row;
    switch (layer->activation) {
    case RELU:
        return sum > 0 ? sum : 0;
    case TANH:
        return tanhf(sum);
    case SIGMOID:
        return 1 / (1 + expf(-sum));
    default:
        return sum;
    }
}

static value_t average(sum_t total, int32_t count)
{
    return total / (float)count;
}

static float dequantize(const layer_t *layer, int32_t row, sum_t sum)
{
    (void)layer;
    (void)row;
    return sum;
}
