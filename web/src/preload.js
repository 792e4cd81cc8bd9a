// Runs before the first paint so that a dark or large-type page never flashes in the wrong look.
;(function () {
  var settings = {}
  try {
    settings = JSON.parse(localStorage.getItem('lianxin.settings')) || {}
  } catch (error) {
    // no storage or broken JSON: defaults
  }
  var root = document.documentElement
  var dark = settings.theme === 'dark' || (settings.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.classList.toggle('dark', dark)
  root.classList.toggle('high-contrast', settings.highContrast === true || matchMedia('(prefers-contrast: more)').matches)
  root.dataset.fontSize = String(settings.fontSize || 14)
  root.lang = settings.language === 'en' ? 'en' : 'zh-CN'
})()
