"""The modules the engine loads: named one by one, so that nothing listens or runs that nobody asked for."""

from collections.abc import Set
from typing import Final

REQUIRED: Final = (
    "chan_pjsip",
    "res_ari",
    "res_ari_channels",
    "res_ari_bridges",
    "res_ari_events",
    "res_pjsip",
    "res_rtp_asterisk",
    "app_stasis",
    "pbx_config",
)

_OPTIONAL: Final = tuple(
    """
    res_timing_timerfd res_timing_pthread
    res_sorcery_astdb res_sorcery_config res_sorcery_memory res_sorcery_memory_cache
    res_crypto res_http_websocket res_websocket_client res_srtp res_convert
    res_pjproject res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_diversion
    res_pjsip_dlg_options res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_endpoint_identifier_ip
    res_pjsip_endpoint_identifier_user res_pjsip_header_funcs res_pjsip_maintenance res_pjsip_nat
    res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration res_pjsip_path
    res_pjsip_refer res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_rfc3329 res_pjsip_sdp_rtp res_pjsip_session
    res_pjsip_sips_contact res_pjsip_pubsub res_pjsip_t38 res_pjsip_transport_websocket
    res_stasis res_stasis_answer res_stasis_device_state res_stasis_playback res_stasis_recording res_stasis_snoop
    res_ari_model res_ari_applications res_ari_asterisk res_ari_device_states res_ari_endpoints res_ari_playbacks
    res_ari_recordings res_ari_sounds
    res_musiconhold res_fax res_fax_spandsp res_audiosocket res_mutestream res_tonedetect res_security_log
    res_format_attr_g729 res_format_attr_h264 res_format_attr_opus res_format_attr_vp8
    bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_native_rtp bridge_simple
    bridge_softmix chan_bridge_media chan_rtp res_rtp_multicast chan_audiosocket chan_websocket
    codec_a_mu codec_alaw codec_ulaw codec_g722 codec_g726 codec_gsm codec_resample codec_speex
    codec_opus codec_opus_open_source codec_adpcm codec_ilbc
    format_gsm format_pcm format_sln format_wav format_wav_gsm format_g729 format_ogg_vorbis format_ogg_opus
    format_ogg_opus_open_source
    func_callerid func_channel func_cut func_db func_dialplan func_env func_global func_groupcount
    func_hangupcause func_jitterbuffer func_logic func_math func_periodic_hook func_pjsip_aor func_pjsip_contact
    func_pjsip_endpoint func_presencestate func_rand func_strings func_timeout func_uri func_volume func_talkdetect
    app_audiosocket app_chanspy app_dial app_echo app_exec app_mixmonitor app_playback app_playtones app_read app_record
    app_senddtmf app_stack app_transfer app_verbose app_waitforsilence app_while app_bridgewait app_originate
    """.split()  # noqa: SIM905 - a word list reads better than 100 quoted lines
)


def wanted(available: Set[str]) -> tuple[str, ...]:
    """Return the modules to load of those that are ``available``, the required ones first whether there or not."""
    return (*REQUIRED, *(name for name in _OPTIONAL if name in available))
