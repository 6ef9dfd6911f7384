// SPDX-License-Identifier: GPL-2.0
/*
 * The module: /dev/vhm and what is asked of the system as a whole.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "trace.h"
#include "vhm.h"

static long system_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		/* There is one type of VM. */
		return arg ? -EINVAL : vhm_vm_create();
	case KVM_CHECK_EXTENSION:
		return vhm_check_extension(NULL, arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : VHM_RUN_PAGES * PAGE_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		return vhm_get_supported_cpuid(argp);
	case KVM_GET_EMULATED_CPUID:
		return vhm_get_emulated_cpuid(argp);
	case KVM_GET_MSR_INDEX_LIST:
		return vhm_get_msr_index_list(argp);
	case KVM_GET_MSR_FEATURE_INDEX_LIST:
		return vhm_get_feature_index_list(argp);
	case KVM_GET_MSRS:
		return vhm_get_features(argp);
	case KVM_HAS_DEVICE_ATTR:
		return vhm_system_attr(argp, false);
	case KVM_GET_DEVICE_ATTR:
		return vhm_system_attr(argp, true);
	case VHM_GET_CONTROL:
		return vhm_get_control(argp);
	case VHM_GET_CAPABILITY_MSRS:
		return vhm_get_capability_msrs(argp);
	case KVM_X86_GET_MCE_CAP_SUPPORTED:
		return vhm_get_mce_cap_supported(argp);
	default:
		return -EINVAL;
	}
}

static const struct file_operations system_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = system_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice vhm_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vhm",
	.mode = 0660,
	.fops = &system_fops,
};

static int __init vhm_init(void)
{
	int err;

	err = vmx_start();
	if (err)
		return err;
	err = vmx_fields_init();
	if (err)
		goto stop;
	err = vmx_bitmaps_init();
	if (err)
		goto stop;
	err = vmx_mitigate_init();
	if (err)
		goto bitmaps;
	vmx_injection_init();
	err = vhm_irqfd_start();
	if (err)
		goto mitigate;
	err = misc_register(&vhm_device);
	if (err)
		goto irqfd;
	pr_info("ready: EPT%s%s%s%s%s\n",
		vmx_caps.unrestricted_guest ? ", unrestricted guest" : "",
		vmx_caps.vpid ? ", VPID" : "",
		vmx_caps.xcr0 & XFEATURE_MASK_YMM ? ", AVX" : "",
		vmx_caps.watchdog ? ", watchdog" : "",
		static_key_enabled(&vmx_windows) ? ", VMX while a guest runs" : "");
	return 0;

irqfd:
	vhm_irqfd_stop();
mitigate:
	vmx_mitigate_exit();
bitmaps:
	vmx_bitmaps_free();
stop:
	vmx_stop();
	return err;
}

static void __exit vhm_exit(void)
{
	misc_deregister(&vhm_device);
	vhm_irqfd_stop();
	/* VMs are gone (each fd held the module), but not yet the last of their notifiers. */
	vhm_memory_exit();
	vmx_mitigate_exit();
	vmx_bitmaps_free();
	vmx_stop();
}

module_init(vhm_init);
module_exit(vhm_exit);

MODULE_DESCRIPTION("vhm: a small hypervisor on Intel VMX that speaks the KVM API");
MODULE_LICENSE("GPL");
