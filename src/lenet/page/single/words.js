// The words of the single page alone.

import { kindOf } from "../core/answer.js";
import { count, percent } from "../core/words.js";

export function words(description) {
  const kind = kindOf(description), { testAccuracy: share, testCount: n } = description;
  return {
    en: {
      title: ["Draw a digit", "Draw a character", "Draw a picture"][kind],
      lead: "A small neural network reads it while you draw.",
      tabs: "Parts of the page",
      tab: { try: "Try", inside: "Look inside" },
      privacy: `Everything happens in this page; nothing is sent anywhere.${share === null ? "" : ` The network's accuracy is ${percent(share, 2)} on ${count(n)} test images.`}`,
    },
    zh: {
      title: ["写一个数字", "写一个字符", "画一幅图"][kind],
      lead: "一个小型神经网络，边写边认。",
      tabs: "页面的各部分",
      tab: { try: "试一试", inside: "看内部" },
      privacy: `一切都在本页内完成，不会发送任何数据。${share === null ? "" : `该网络在 ${count(n)} 张测试图像上的准确率为 ${percent(share, 2)}。`}`,
    },
  };
}
