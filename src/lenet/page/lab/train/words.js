// The words of Train.

export const words = {
  en: {},
  zh: {},
};
