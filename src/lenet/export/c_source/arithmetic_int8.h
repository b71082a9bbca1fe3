/* 8-bit integers with 32-bit sums; part of lenet.c.
 * A value stands for scale * (value - zero). After ReLU nothing is negative: zero is 0, and clipping is the ReLU. */

typedef uint8_t value_t;
typedef int8_t weight_t;
typedef int32_t sum_t;

typedef struct {
    shape_t shape;
    const weight_t *kernel; /* one row for each filter or unit; a null pointer for a layer without weights */
    const sum_t *bias;
    const int32_t *multiplier; /* with shift: from a sum to an 8-bit value */
    const uint8_t *shift;
    const float *scale; /* from a sum to a logit; of the last layer only */
    uint8_t input_zero, output_zero;
} layer_t;

/* Pixels are 8-bit integers already; their scale is part of the first layer's. */
static const value_t *prepare(const uint8_t *pixels, value_t *buffer)
{
    (void)buffer;
    return pixels;
}

/* A single input value as a sum. */
static sum_t take(const layer_t *layer, value_t value)
{
    return (sum_t)value - layer->input_zero;
}

static sum_t dot(const layer_t *layer, const value_t *values, const weight_t *weights, int32_t count)
{
    sum_t sum = 0;
    int32_t index;
    for (index = 0; index < count; index++) {
        sum += (sum_t)values[index] * weights[index];
    }
    if (layer->input_zero) { /* never after ReLU */
        for (index = 0; index < count; index++) {
            sum -= (sum_t)layer->input_zero * weights[index];
        }
    }
    return sum;
}

/* From a sum to 8 bits: a multiplication and a shift stand for the division by the output's scale. */
static value_t activate(const layer_t *layer, int32_t row, sum_t sum)
{
    int64_t value = sum;
    if (layer->kernel) {
        const int64_t half = (int64_t)1 << (layer->shift[row] - 1);
        value = ((sum < 0 ? -value : value) * layer->multiplier[row] + half) >> layer->shift[row];
        value = sum < 0 ? -value : value;
    }
    value += layer->output_zero;
    return value < 0 ? 0 : value > 255 ? 255 : (value_t)value;
}

static value_t average(sum_t total, int32_t count)
{
    return (value_t)((2 * total + count) / (2 * count));
}

static float dequantize(const layer_t *layer, int32_t row, sum_t sum)
{
    return (float)sum * layer->scale[row];
}
