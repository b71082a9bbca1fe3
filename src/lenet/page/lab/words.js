// The words of the served page; those of Look inside and Train are in their folders.

export const words = {
  en: {
    title: "LeNet lab",
    lead: "Draw a digit: a small neural network reads it, shows how, and learns from you.",
    skip: "Skip to drawing",
    model: "Network",
    tabs: "Parts of the page",
    tab: { try: "Try", inside: "Look inside", train: "Train" },
    privacy: "Drawings are answered in your browser; photos go to this server only.",
    docs: "API",
    busy: "The server is busy. Please wait …",
    lost: "The server does not answer.",
  },
  zh: {
    title: "LeNet 实验室",
    lead: "写一个数字：小小的神经网络当场识别，展示识别过程，还能向您学习。",
    skip: "跳到书写区",
    model: "网络",
    tabs: "页面的各部分",
    tab: { try: "试一试", inside: "看内部", train: "训练" },
    privacy: "书写内容在浏览器内识别；照片只发送到这台服务器。",
    docs: "API 接口",
    busy: "服务器正忙，请稍候……",
    lost: "服务器没有回应。",
  },
};
