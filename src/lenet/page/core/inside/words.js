// The words of Look inside.

export const words = {
  en: {},
  zh: {},
};
