"use strict";

(() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const { read } = createNetwork(model, atob(document.getElementById("weights").textContent.trim()));
  const SHOWN = 10;
  const UNSURE = 0.6;
  const kind = model.framing === "whole" ? 2 : model.classNames.every((name) => /^[0-9]$/.test(name)) ? 0 : 1;
  const percent = (value) => (value > 0.9995 ? ">99.9%" : `${(value * 100).toFixed(1)}%`);

  const texts = {
    en: {
      title: ["Draw a digit", "Draw a character", "Draw a picture"][kind],
      lead: "With a finger, a pen or the mouse. The answer follows every stroke.",
      canvas: "Drawing area. Needs a pointer.",
      undo: "Undo",
      clear: "Clear",
      nothing: "Nothing drawn",
      nothingHint: "Draw in the box, and the answer appears here.",
      answer: (name) => `This is ${name}`,
      unknown: ["This looks like no digit", "This looks like none of the characters", "This looks like none of the classes"][kind],
      unknownHint: (name) => `If it must be one: ${name}.`,
      unsure: (name, other) => `Perhaps ${name}, perhaps ${other}`,
      sure: (value) => `with a probability of ${value}`,
      seen: "What the network sees",
      bars: "Probabilities",
      language: "中文",
      about: "Everything happens in this page; nothing is sent anywhere.",
      measured: (share, n) => `The network's accuracy is ${share} on ${n.toLocaleString("en")} test pictures.`,
    },
    zh: {
      title: ["写一个数字", "写一个字符", "画一幅图"][kind],
      lead: "用手指、笔或鼠标书写，网络会随写随认。",
      canvas: ["书写区，一次写一个字符，需要使用指针。", "书写区，一次写一个字符，需要使用指针。", "绘图区，需要使用指针。"][kind],
      undo: "撤销",
      clear: "清除",
      nothing: "还没有写",
      nothingHint: "在方框里写，结果会显示在这里。",
      answer: (name) => `这是 ${name}`,
      unknown: ["这不像数字", "这不像任何一个字符", "这不像任何一个类别"][kind],
      unknownHint: (name) => `如果一定要选：${name}。`,
      unsure: (name, other) => `可能是 ${name}，也可能是 ${other}`,
      sure: (value) => `概率 ${value}`,
      seen: "网络看到的图像",
      bars: "概率",
      language: "English",
      about: "一切都在本页内完成，不会发送任何数据。",
      measured: (share, n) => `该网络在 ${n.toLocaleString("zh")} 张测试图片上的准确率为 ${share}。`,
    },
  };

  const find = (id) => document.getElementById(id);
  const canvas = find("canvas");
  let language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  let strokes = [];
  let current = null;
  let waiting = false;

  // Strokes are kept as fractions of the canvas, so that its size may change under them.
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  function drawStrokes() {
    const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, side, side);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = side * 0.06;
    pen.lineCap = pen.lineJoin = "round";
    for (const points of strokes) {
      pen.beginPath();
      pen.moveTo(points[0].x * side, points[0].y * side);
      for (const { x, y } of points) pen.lineTo(x * side, y * side);
      pen.stroke();
    }
  }

  function drawSeen(pixels) {
    const seen = find("seen");
    seen.width = model.width;
    seen.height = model.height;
    const pen = seen.getContext("2d"), image = pen.createImageData(model.width, model.height);
    image.data.forEach((_, i) => {
      image.data[i] = i % 4 === 3 ? 255 : pixels ? pixels[(i >> 2) * model.depth + Math.min(i % 4, model.depth - 1)] : 0;
    });
    pen.putImageData(image, 0, 0);
  }

  // All classes in their order, or the most probable ones where there are many.
  function drawBars(probabilities) {
    let shown = model.classNames.map((_, i) => i);
    if (shown.length > SHOWN) {
      if (probabilities) shown.sort((a, b) => probabilities[b] - probabilities[a]);
      shown = shown.slice(0, SHOWN);
    }
    const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    find("bars").replaceChildren(...shown.map((i) => {
      const item = document.createElement("li");
      item.className = i === best ? "best" : "";
      const name = document.createElement("span"), bar = document.createElement("span");
      const value = document.createElement("span");
      name.className = "name";
      name.textContent = model.classNames[i];
      bar.className = "bar";
      bar.style.setProperty("--share", probabilities ? probabilities[i] : 0);
      value.className = "value";
      value.textContent = probabilities ? percent(probabilities[i]) : "–";
      item.append(name, bar, value);
      return item;
    }));
  }

  function drawAnswer(probabilities, unknown) {
    const say = texts[language];
    document.body.classList.toggle("empty", !probabilities);
    if (!probabilities) {
      find("digit").textContent = "";
      find("answer").textContent = say.nothing;
      find("detail").textContent = say.nothingHint;
      return;
    }
    const order = model.classNames.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
    const [name, other] = order.map((i) => model.classNames[i]);
    const highest = probabilities[order[0]];
    if (unknown) {
      find("digit").textContent = "?";
      find("answer").textContent = say.unknown;
      find("detail").textContent = say.unknownHint(name);
      return;
    }
    find("digit").textContent = name;
    find("answer").textContent = highest < UNSURE ? say.unsure(name, other) : say.answer(name);
    find("detail").textContent = say.sure(percent(highest));
  }

  function update() {
    waiting = false;
    drawStrokes();
    const pixels = ink.toPixels(strokes, model);
    const { probabilities = null, unknown = false } = pixels ? read(pixels) : {};
    drawSeen(pixels);
    drawBars(probabilities);
    drawAnswer(probabilities, unknown);
    find("undo").disabled = find("clear").disabled = !strokes.length;
  }

  // At most one pass of the network for each frame on the screen, however many pointer events come.
  function updateSoon() {
    if (!waiting) requestAnimationFrame(update);
    waiting = true;
  }

  function speak() {
    const say = texts[language];
    document.documentElement.lang = language;
    document.title = say.title;
    for (const id of ["title", "lead", "undo", "clear", "language"]) find(id).textContent = say[id];
    find("seen-title").textContent = say.seen;
    find("bars-title").textContent = say.bars;
    find("language").lang = language === "en" ? "zh" : "en";
    canvas.setAttribute("aria-label", say.canvas);
    const { testAccuracy, testCount } = model;
    const measured = testAccuracy === null ? "" : say.measured(`${(testAccuracy * 100).toFixed(2)}%`, testCount);
    find("about").textContent = `${say.about} ${measured}`;
    update();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (current || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    current = { id: event.pointerId, points: [pointOf(event)] };
    strokes.push(current.points);
    updateSoon();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== current?.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    current.points.push(...(events.length ? events : [event]).map(pointOf));
    updateSoon();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId === current?.id) current = null;
    });
  }

  function undo() {
    strokes.pop();
    current = null;
    updateSoon();
  }
  function clear() {
    strokes = [];
    current = null;
    updateSoon();
  }
  find("undo").addEventListener("click", undo);
  find("clear").addEventListener("click", clear);
  find("language").addEventListener("click", () => {
    language = language === "en" ? "zh" : "en";
    speak();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      undo();
    } else if (event.key === "Delete" || event.key === "Escape") clear();
  });
  window.addEventListener("resize", updateSoon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", updateSoon);
  speak();
})();
