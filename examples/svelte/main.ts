import { mount } from 'svelte'
import App from './App.svelte'

const target = document.getElementById('list')
if (!target) throw new Error('index.html has no #list.')
mount(App, { target })
