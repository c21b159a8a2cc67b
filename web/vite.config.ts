// Builds the viewer page to dist/page, as plain files that our own server can serve under a strict
// Content-Security-Policy: nothing inline, nothing from another origin, no data: URLs.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Pages have addresses below the root (`/overlay/metrics`), and so their files have absolute ones.
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [
        `${import.meta.dirname}/index.html`,
        `${import.meta.dirname}/overlay.html`,
        `${import.meta.dirname}/runs.html`,
      ],
    },
  },
})
