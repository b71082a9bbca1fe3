// The words of Look inside.

import { count } from "../words.js";

const sizes = ({ output: [rows, columns, maps] }) =>
  (columns === undefined ? count(rows) : `${maps === 1 ? "" : `${count(maps)}×`}${columns}×${rows}`);

const en = {
  overview: "All stages",
  step: (n, all) => `Stage ${n} of ${all}`,
  back: "Back",
  next: "Next",
  play: "Play",
  pause: "Pause",
  keys: "The arrow keys ← and → go back and forward.",
  empty: "Draw something, and its numbers appear here.",
  heard: (step, title, sentence) => `${step}: ${title}. ${sentence}`,
  strongestPlace: "Back to the strongest",
  size: sizes,
  fullSize: ({ output: [rows, columns, maps], kind }) => {
    if (columns === undefined) return `${count(rows)} numbers`;
    return kind === "picture" ? `${columns}×${rows} pixels` : `${count(maps)} ${maps === 1 ? "map" : "maps"} of ${columns}×${rows}`;
  },
  short: ({ kind, number }) => ({
    picture: "Picture", conv: `Conv ${number}`, relu: `ReLU ${number}`, tanh: `Tanh ${number}`, sigmoid: `Sigmoid ${number}`,
    maxpool: `Pool ${number}`, avgpool: `Pool ${number}`, flatten: "Flatten", dense: `Dense ${number}`, softmax: "Softmax",
  })[kind],
  title: ({ kind, number }) => ({
    picture: "Picture", conv: `Convolution ${number}`, relu: `ReLU ${number}`, tanh: `Tanh ${number}`, sigmoid: `Sigmoid ${number}`,
    maxpool: `Max pooling ${number}`, avgpool: `Average pooling ${number}`, flatten: "Flatten", dense: `Dense ${number}`, softmax: "Softmax",
  })[kind],
  sentence: (stage, before) => ({
    picture: () => `The network gets a grid of ${stage.output[1]}×${stage.output[0]} pixels${stage.output[2] === 3 ? ", each with a number for red, green and blue" : ""}: 0 is black, 255 is ${stage.output[2] === 3 ? "full colour" : "white"}, and each number is first scaled to the range from 0 to 1.`,
    conv: () => `Each of the ${stage.output[2]} filters slides its kernel, ${stage.size}×${stage.size} weights, over ${before.kind === "picture" ? "the picture" : before.output[2] === 1 ? "the map" : `all ${before.output[2]} maps`}${stage.stride > 1 ? `, ${stage.stride} pixels at a time` : ""}; where the input matches the kernel, its feature map has a high value.`,
    relu: () => "ReLU keeps positive numbers and sets negative ones to 0.",
    tanh: () => "Tanh brings each number into the range from −1 to 1; the further a number is from 0, the less it still changes.",
    sigmoid: () => "Sigmoid brings each number into the range from 0 to 1; negative numbers end below 0.5.",
    maxpool: () => `Max pooling keeps the highest number of each ${stage.size}×${stage.size} square, so that the maps get smaller and small shifts of the drawing matter less.`,
    avgpool: () => `Average pooling keeps the mean of each ${stage.size}×${stage.size} square, so that the maps get smaller and small shifts of the drawing matter less.`,
    flatten: () => `Flatten writes all the numbers as one list of ${count(stage.output[0])}; nothing is computed.`,
    dense: () => (stage.last
      ? `Each of the ${count(stage.output[0])} classes multiplies all ${count(stage.input[0])} numbers by weights of its own and adds them up: the sum is its score, and the highest score wins.`
      : `Each of the ${count(stage.output[0])} units multiplies all ${count(stage.input[0])} numbers by weights of its own and adds them up; positive products push its value up, negative ones push it down.`),
    softmax: () => "Softmax turns the scores into probabilities: e to the power of each score, divided by the sum of all of them.",
  })[stage.kind](),

  picture: "the picture",
  colours: ["red", "green", "blue"],
  map: (n) => `map ${n}`,
  of: (title, name) => `${title}, ${name}`,
  unit: (n) => `unit ${n}`,
  position: (n) => `number ${n}`,
  place: (row, column) => `row ${row}, column ${column}`,
  valueAt: (where, value) => `${where}: ${value}`,
  choose: "Click or use the arrow keys to choose a place.",
  piece: "A piece of it in numbers",
  numbers: "Pixels, 0 to 255",
  numbersOf: (name) => `${name}, 0 to 255`,
  scaled: (pixel, value) => `${pixel} / 255 = ${value}`,

  how: "How the value is computed",
  window: "Window",
  kernel: "Kernel",
  products: "Products",
  windowTimesKernel: "Window × kernel, number by number",
  outside: "Dashed: beyond the edge, where the input is taken to be 0.",
  sum: "sum of products",
  bias: "bias",
  value: "value",
  otherInputs: (n) => (n === "1" ? "1 other" : `${n} others`),
  sources: "What adds most",
  others: (n, sum) => `${n} ${n === "1" ? "other" : "others"}: ${sum}`,
  activated: {
    relu: (before, after) => `max(0, ${before}) = ${after}`,
    tanh: (before, after) => `tanh(${before}) = ${after}`,
    sigmoid: (before, after) => `1 / (1 + e^−(${before})) = ${after}`,
  },
  square: (size) => `Square of ${size}×${size}`,
  pooled: { maxpool: (value) => `The highest of them wins: ${value}`, avgpool: (value, n) => `Mean of ${n} numbers: ${value}` },
  flattened: (row, column, name, n, all) => `Row ${row}, column ${column} of ${name} becomes number ${n} of ${all}.`,
  order: "Row by row, column by column; at each place the numbers of all maps.",

  pushesFrom: (title) => `Pushes from ${title}`,
  pushesSummed: "At each place, what all maps there add. Blue pushes up, orange pushes down.",
  pushesEach: "What each number adds. Blue pushes up, orange pushes down.",
  quoted: (name) => `“${name}”`,
  pushesTo: (name) => `Ten strongest pushes for and against ${name}`,
  strongest: "The strongest pushes: value × weight",
  pushedUp: "all for it",
  pushedDown: "all against it",
  scores: "Scores",
  shares: "Scores → eˣ → shares",
  softmaxHead: (plain) => (plain ? ["Class", "Score x", "eˣ", "Share of the sum"] : ["Class", "Score", "Score / T = x", "eˣ", "Share of the sum"]),
  answer: "The answer",
  temperature: (t) => `The scores are divided by the temperature T = ${t}, so that of the answers with 90 %, about 90 % are right.`,
  unknown: "All the scores are low, or the drawing is not one character: the answer is “none of the classes”.",

  channels: "Colour channels",
  maps: (shown, all) => (shown < all ? `The ${shown} strongest of ${all} feature maps` : `All ${all} feature maps`),
  all: (n) => `Show all ${n}`,
  fewer: (n) => `Show only ${n}`,
};

const zh = {
  overview: "全部步骤",
  step: (n, all) => `第 ${n} 步，共 ${all} 步`,
  back: "上一步",
  next: "下一步",
  play: "播放",
  pause: "暂停",
  keys: "按方向键 ← 和 → 可后退和前进。",
  empty: "写点什么，这里就会显示相应的数值。",
  heard: (step, title, sentence) => `${step}：${title}。${sentence}`,
  strongestPlace: "回到最强处",
  size: sizes,
  fullSize: ({ output: [rows, columns, maps], kind }) => {
    if (columns === undefined) return `${count(rows)} 个数`;
    return kind === "picture" ? `${columns}×${rows} 像素` : `${count(maps)} 张 ${columns}×${rows} 的特征图`;
  },
  short: ({ kind, number }) => ({
    picture: "图像", conv: `卷积 ${number}`, relu: `ReLU ${number}`, tanh: `Tanh ${number}`, sigmoid: `Sigmoid ${number}`,
    maxpool: `池化 ${number}`, avgpool: `池化 ${number}`, flatten: "展平", dense: `全连接 ${number}`, softmax: "Softmax",
  })[kind],
  title: ({ kind, number }) => ({
    picture: "图像", conv: `卷积 ${number}`, relu: `ReLU ${number}`, tanh: `Tanh ${number}`, sigmoid: `Sigmoid ${number}`,
    maxpool: `最大池化 ${number}`, avgpool: `平均池化 ${number}`, flatten: "展平", dense: `全连接 ${number}`, softmax: "Softmax",
  })[kind],
  sentence: (stage, before) => ({
    picture: () => `网络得到的是 ${stage.output[1]}×${stage.output[0]} 个像素${stage.output[2] === 3 ? "，每个像素有红、绿、蓝三个数" : ""}：0 为黑，255 为${stage.output[2] === 3 ? "最亮" : "白"}；先把每个数缩放到 0 至 1 之间。`,
    conv: () => `共有 ${stage.output[2]} 个卷积核，每个卷积核（${stage.size}×${stage.size} 个权重）在${before.kind === "picture" ? "图像" : before.output[2] === 1 ? "特征图" : `全部 ${before.output[2]} 张特征图`}上滑动${stage.stride > 1 ? `，每次移动 ${stage.stride} 个像素` : ""}；输入与卷积核越吻合，得到的特征图在该处的值就越大。`,
    relu: () => "ReLU 保留正数，把负数变为 0。",
    tanh: () => "Tanh 把每个数压缩到 −1 至 1 之间；绝对值越大，变化越平缓。",
    sigmoid: () => "Sigmoid 把每个数压缩到 0 至 1 之间；负数的结果小于 0.5。",
    maxpool: () => `最大池化只保留每个 ${stage.size}×${stage.size} 方格中的最大值，特征图因此变小，字迹稍有移动也影响不大。`,
    avgpool: () => `平均池化取每个 ${stage.size}×${stage.size} 方格的平均值，特征图因此变小，字迹稍有移动也影响不大。`,
    flatten: () => `展平把所有数值排成一列，共 ${count(stage.output[0])} 个，不做任何计算。`,
    dense: () => (stage.last
      ? `${count(stage.output[0])} 个类别各用自己的一组权重，与全部 ${count(stage.input[0])} 个数相乘再相加，得到该类别的得分，得分最高者胜出。`
      : `${count(stage.output[0])} 个单元各用自己的一组权重，与全部 ${count(stage.input[0])} 个数相乘再相加；正的乘积使数值变大，负的使数值变小。`),
    softmax: () => "Softmax 把得分变成概率：以 e 为底、得分为指数求幂，再除以所有幂之和。",
  })[stage.kind](),

  picture: "图像",
  colours: ["红", "绿", "蓝"],
  map: (n) => `第 ${n} 张`,
  of: (title, name) => `${title}，${name}`,
  unit: (n) => `第 ${n} 个单元`,
  position: (n) => `第 ${n} 个数`,
  place: (row, column) => `第 ${row} 行，第 ${column} 列`,
  valueAt: (where, value) => `${where}：${value}`,
  choose: "点击或用方向键选择位置。",
  piece: "局部的数值",
  numbers: "像素值，0 至 255",
  numbersOf: (name) => `${name}，0 至 255`,
  scaled: (pixel, value) => `${pixel} / 255 = ${value}`,

  how: "这个值是怎么算出来的",
  window: "窗口",
  kernel: "卷积核",
  products: "乘积",
  windowTimesKernel: "窗口 × 卷积核，逐个相乘",
  outside: "虚线框：在边缘之外，输入按 0 计算。",
  sum: "乘积之和",
  bias: "偏置",
  value: "数值",
  otherInputs: (n) => `其余 ${n} 个`,
  sources: "贡献最大的输入",
  others: (n, sum) => `其余 ${n} 个：${sum}`,
  activated: {
    relu: (before, after) => `max(0, ${before}) = ${after}`,
    tanh: (before, after) => `tanh(${before}) = ${after}`,
    sigmoid: (before, after) => `1 / (1 + e^−(${before})) = ${after}`,
  },
  square: (size) => `${size}×${size} 方格`,
  pooled: { maxpool: (value) => `取其中的最大值：${value}`, avgpool: (value, n) => `${n} 个数的平均值：${value}` },
  flattened: (row, column, name, n, all) => `${name}第 ${row} 行第 ${column} 列成为第 ${n} 个数，共 ${all} 个。`,
  order: "逐行逐列排列；每个位置依次是各张特征图的数值。",

  pushesFrom: (title) => `来自${/^\w/.test(title) ? " " : ""}${title}${/\w$/.test(title) ? " " : ""}的贡献`,
  pushesSummed: "每个位置上所有特征图的贡献之和。蓝色使数值变大，橙色使数值变小。",
  pushesEach: "每个数的贡献。蓝色使数值变大，橙色使数值变小。",
  quoted: (name) => `“${name}”`,
  pushesTo: (name) => `对${name}最强的十项贡献：支持与反对`,
  strongest: "最强的贡献：数值 × 权重",
  pushedUp: "支持合计",
  pushedDown: "反对合计",
  scores: "得分",
  shares: "得分 → eˣ → 份额",
  softmaxHead: (plain) => (plain ? ["类别", "得分 x", "eˣ", "占总和的比例"] : ["类别", "得分", "得分 / T = x", "eˣ", "占总和的比例"]),
  answer: "结果",
  temperature: (t) => `得分先除以温度 T = ${t}，使概率与实际的正确率相符：概率为 90 % 的结果，约有 90 % 是对的。`,
  unknown: "各个得分都偏低，或写的不是单个字符：结果为“不属于任何类别”。",

  channels: "颜色通道",
  maps: (shown, all) => (shown < all ? `${all} 张特征图中最强的 ${shown} 张` : `全部 ${all} 张特征图`),
  all: (n) => `显示全部（${n}）`,
  fewer: (n) => `只显示 ${n} 个`,
};

export const words = { en, zh };
