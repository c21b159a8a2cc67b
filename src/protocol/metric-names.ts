// One canon for metric names. Stable-Baselines3's names are the canon, since they are the most
// widespread; the table also takes CleanRL's and RLlib's. Anything else keeps its name.
//
// Beware: SB3 logs `train/entropy_loss` as the NEGATIVE of the entropy, CleanRL logs
// `losses/entropy` as the entropy itself. The canon has the entropy, positive: `train/entropy`.
// Sources: stable_baselines3/ppo/ppo.py, cleanrl/ppo.py, rllib/utils/metrics/__init__.py.

type Rule = { readonly name: string; readonly sign: 1 | -1 }

const same = (name: string): Rule => ({ name, sign: 1 })

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  // Stable-Baselines3
  ['train/entropy_loss', { name: 'train/entropy', sign: -1 }],
  // CleanRL
  ['charts/episodic_return', same('rollout/ep_rew_mean')],
  ['charts/episodic_length', same('rollout/ep_len_mean')],
  ['charts/learning_rate', same('train/learning_rate')],
  ['charts/SPS', same('time/fps')],
  ['charts/epsilon', same('rollout/exploration_rate')],
  ['losses/value_loss', same('train/value_loss')],
  ['losses/policy_loss', same('train/policy_gradient_loss')],
  ['losses/entropy', same('train/entropy')],
  ['losses/approx_kl', same('train/approx_kl')],
  ['losses/clipfrac', same('train/clip_fraction')],
  ['losses/explained_variance', same('train/explained_variance')],
  ['losses/td_loss', same('train/loss')],
  ['losses/q_values', same('train/q_values')],
  // RLlib
  ['episode_reward_mean', same('rollout/ep_rew_mean')],
  ['episode_len_mean', same('rollout/ep_len_mean')],
  ['env_runners/episode_return_mean', same('rollout/ep_rew_mean')],
  ['env_runners/episode_len_mean', same('rollout/ep_len_mean')],
  ['num_env_steps_sampled_lifetime', same('time/total_timesteps')],
  ['timesteps_total', same('time/total_timesteps')],
  ['info/learner/default_policy/learner_stats/kl', same('train/approx_kl')],
  ['info/learner/default_policy/learner_stats/entropy', same('train/entropy')],
  ['info/learner/default_policy/learner_stats/vf_loss', same('train/value_loss')],
  ['info/learner/default_policy/learner_stats/policy_loss', same('train/policy_gradient_loss')],
  ['info/learner/default_policy/learner_stats/cur_lr', same('train/learning_rate')],
  ['learners/default_policy/mean_kl_loss', same('train/approx_kl')],
  ['learners/default_policy/entropy', same('train/entropy')],
  ['learners/default_policy/vf_loss', same('train/value_loss')],
  ['learners/default_policy/policy_loss', same('train/policy_gradient_loss')],
])

/** The canonical name of a metric as the trainer's library calls it. */
export function canonicalName(name: string): string {
  return rules.get(name)?.name ?? name
}

/** Values under canonical names, with signs turned where a library logs the negative. */
export function canonicalMetrics(values: Readonly<Record<string, number>>): Record<string, number> {
  // Names are the user's: no inherited keys.
  const canonical: Record<string, number> = Object.create(null)
  for (const [name, value] of Object.entries(values)) {
    const rule = rules.get(name)
    canonical[rule?.name ?? name] = rule?.sign === -1 ? -value : value
  }
  return canonical
}
